package trace

import (
	"fmt"
	"html"
	"io"
	"strings"
)

// Measures of the drawing, in pixels.
const (
	svgColumn = 260
	svgRow    = 34
	svgTimes  = 70
	svgNotes  = 340
	svgHead   = 22 // a line of the heading
)

// SVG draws a trace for a page or a ticket. It is one file without scripts or
// references.
func SVG(w io.Writer, t Trace) error {
	l := t.Drawing()
	heading := t.heading()
	top := svgHead*len(heading) + 48
	width := svgTimes + svgColumn*len(l.Parties) + svgNotes
	height := top + svgRow*(len(l.Arrows)+1)
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="13">`+"\n", width, height, width, height)
	out.WriteString(`<defs><marker id="head" markerWidth="9" markerHeight="8" refX="8" refY="4" orient="auto"><path d="M0,0 L9,4 L0,8 z" fill="#1f2937"/></marker></defs>` + "\n")
	fmt.Fprintf(&out, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", width, height)
	for i, line := range heading {
		svgText(&out, 12, svgHead*(i+1), "start", "#1f2937", strings.TrimSpace(line))
	}
	for i, name := range l.Parties {
		x := svgCenter(i)
		svgText(&out, x, top-16, "middle", "#1f2937", name)
		fmt.Fprintf(&out, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="#9ca3af"/>`+"\n", x, top-8, x, height-8)
	}
	for i, r := range l.Arrows {
		y := top + svgRow*(i+1) - 8
		from, to := svgCenter(r.From), svgCenter(r.To)
		dash := ""
		if r.Response {
			dash = ` stroke-dasharray="5 3"`
		}
		svgText(&out, 8, y+4, "start", "#6b7280", fmt.Sprintf("%.3f", r.At.Seconds()))
		svgText(&out, (from+to)/2, y-6, "middle", "#1f2937", r.Caption())
		fmt.Fprintf(&out, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="#1f2937"%s marker-end="url(#head)"/>`+"\n", from, y, to, y, dash)
		svgText(&out, svgTimes+svgColumn*len(l.Parties)-svgColumn/4, y+4, "start", "#6b7280", r.Beside())
	}
	out.WriteString("</svg>\n")
	_, err := io.WriteString(w, out.String())
	return err
}

func svgCenter(column int) int { return svgTimes + svgColumn/2 + svgColumn*column }

func svgText(out *strings.Builder, x, y int, anchor, color, text string) {
	if text != "" {
		fmt.Fprintf(out, `<text x="%d" y="%d" text-anchor="%s" fill="%s">%s</text>`+"\n", x, y, anchor, color, html.EscapeString(text))
	}
}
