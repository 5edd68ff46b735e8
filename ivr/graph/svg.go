package graph

import (
	"fmt"
	"html"
	"strconv"
	"strings"

	"careline/ivr"
)

// SVG draws flows as one SVG image. Steps and ways carry their names as data
// attributes (data-flow, data-step, data-line; data-from, data-via with a line for
// each, data-to), so that a page can mark and number them itself.
func SVG(flows []ivr.FlowView, options Options) []byte {
	var body strings.Builder
	wide, high := 0.0, 0.0
	for _, flow := range options.chosen(flows) {
		p := build(flow)
		p.rank()
		p.spread()
		p.order()
		p.place()
		fmt.Fprintf(&body, "<g class=\"flow\"%s transform=\"translate(0 %.1f)\">\n", attribute("data-flow", flow.Name), high)
		p.draw(&body, options.Counts)
		body.WriteString("</g>\n")
		wide, high = max(wide, p.w), high+p.h
	}
	var svg strings.Builder
	fmt.Fprintf(&svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" class=\"flows\" role=\"img\">\n%s", wide, high, wide, high, head)
	svg.WriteString(body.String())
	svg.WriteString("</svg>\n")
	return []byte(svg.String())
}

// head is what each drawing looks like; a page may say otherwise by its own style.
const head = `<style>
.flows{background:#fff;font:13px system-ui,"DejaVu Sans",Arial,sans-serif}
.flows text{fill:#1d2733;text-anchor:middle}
.flows .step>rect,.flows .away>rect,.flows .start>rect{fill:#f4f6f8;stroke:#9aa7b4;stroke-width:1.2}
.flows .start>rect{fill:#1d2733;stroke:#1d2733}.flows .start text{fill:#fff;font-weight:600}
.flows .away>rect{stroke-dasharray:4 3}
.flows .label{font-weight:600}.flows .detail{font-size:11px;fill:#4d5b69}
.flows .speaks>rect{fill:#e8f1fb;stroke:#5b8fc7}.flows .asks>rect{fill:#fdf3dc;stroke:#c9983a}
.flows .knows>rect{fill:#f0e9fa;stroke:#8d6cc0}.flows .people>rect{fill:#e4f5ea;stroke:#4b9e6b}
.flows .leaves>rect{fill:#eceff2;stroke:#6b7885}.flows .ends>rect{fill:#fae7e5;stroke:#c06a60}
.flows .way path{fill:none;stroke:#7d8b99;stroke-width:1.3;marker-end:url(#arrow)}
.flows .silent path,.flows .refused path,.flows .turned_away path,.flows .left path{stroke:#b9855f}
.flows .back path{stroke-dasharray:5 3}
.flows .way text{font-size:11px;fill:#3a4754}.flows .way rect{fill:#fff;opacity:.9}
.flows .unused{opacity:.35}.flows .count>rect{fill:#1d2733}.flows .count text{fill:#fff;font-size:11px;font-weight:600}
</style>
<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z" fill="#7d8b99"/></marker></defs>
`

// draw writes a picture: ways first, steps over them.
func (p *picture) draw(w *strings.Builder, counts *Counts) {
	paths := p.lines()
	for _, l := range p.links {
		l.draw(w, paths[l], counts)
	}
	for _, n := range p.nodes {
		n.draw(w, counts)
	}
}

func (l *link) draw(w *strings.Builder, path string, counts *Counts) {
	class := "way " + string(l.kind)
	if l.back {
		class += " back"
	}
	width := ""
	if counts != nil {
		if count := counts.edges(l.own()); count == 0 {
			class += " unused"
		} else {
			width = attribute("style", fmt.Sprintf("stroke-width:%.1f", thickness(count)))
		}
	}
	var vias []string
	for _, name := range l.own() {
		vias = append(vias, name.Via)
	}
	fmt.Fprintf(w, "<g%s%s%s%s><title>%s</title><path%s%s/>", attribute("class", class), attribute("data-from", l.names[0].From),
		attribute("data-via", strings.Join(vias, "\n")), attribute("data-to", l.names[len(l.names)-1].To), html.EscapeString(l.title(counts)), attribute("d", path), width)
	if text := l.text(); text != "" {
		at, anchor := l.caption()
		if anchor == "middle" {
			fmt.Fprintf(w, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", at.x-l.label.w/2+3, at.y-l.label.h/2, l.label.w-6, l.label.h)
		}
		fmt.Fprintf(w, "<text x=\"%.1f\" y=\"%.1f\" style=\"text-anchor:%s\">%s</text>", at.x, at.y+4, anchor, html.EscapeString(text))
	}
	w.WriteString("</g>\n")
}

// own are the link's ways that leave its step; those within folded steps are the
// same callers again.
func (l *link) own() []ivr.EdgeName {
	var names []ivr.EdgeName
	for _, name := range l.names {
		if l.from.step == nil || name.From == l.from.step.Step {
			names = append(names, name)
		}
	}
	return names
}

// title is what a pointer over a link shows.
func (l *link) title(counts *Counts) string {
	var lines []string
	for _, name := range l.own() {
		line := fmt.Sprintf("%s → %s: %s", name.From, name.To, name.Via)
		if counts != nil {
			line += fmt.Sprintf(", %d", counts.Edges[name])
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// thickness of a way, by the number of callers: it grows by a unit with each power of four.
func thickness(count int) float64 {
	width := 1.3
	for ; count > 1 && width < 7; count /= 4 {
		width++
	}
	return width
}

// class groups the verbs by what they are to a caller.
func class(n *node) string {
	switch n.kind {
	case startNode:
		return "start"
	case awayNode:
		return "away"
	}
	kinds := map[string]string{
		"play": "speaks", "say": "speaks", "menu": "asks", "collect": "asks", "verify": "knows", "look_up": "knows",
		"queue": "people", "escalate": "people", "call_back": "people", "voicemail": "people",
		"transfer": "leaves", "call": "leaves", "hang_up": "ends",
	}
	return strings.TrimSpace("step " + kinds[n.step.Verb])
}

func (n *node) draw(w *strings.Builder, counts *Counts) {
	group, title := class(n), strings.Join(n.title, " ")
	count := counts.step(n.step)
	data := ""
	if n.step != nil {
		if counts != nil && count == 0 {
			group += " unused"
		}
		data = attribute("data-flow", n.step.Flow) + attribute("data-step", n.step.Step) + attribute("data-line", strconv.Itoa(n.step.Position.Line))
		title = n.step.Step + ": " + n.step.Verb
		if len(n.step.Prompts) > 0 {
			title += "\n" + strings.Join(n.step.Prompts, "\n")
		}
	}
	radius := 6.0
	if n.kind != stepNode {
		radius = n.h / 2
	}
	fmt.Fprintf(w, "<g%s%s transform=\"translate(%.1f %.1f)\"><title>%s</title><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"%.1f\"/>",
		attribute("class", group), data, n.x, n.y, html.EscapeString(title), -n.w/2, -n.h/2, n.w, n.h, radius)
	y := -n.h/2 + stepPadding/2 + lineHigh - 4
	for _, line := range n.title {
		fmt.Fprintf(w, "<text class=\"label\" y=\"%.1f\">%s</text>", y, html.EscapeString(line))
		y += lineHigh
	}
	if n.detail != "" {
		fmt.Fprintf(w, "<text class=\"detail\" y=\"%.1f\">%s</text>", y, html.EscapeString(n.detail))
	}
	if count > 0 {
		text := fmt.Sprint(count)
		wide := smallWide*float64(len(text)) + 12
		fmt.Fprintf(w, "<g class=\"count\" transform=\"translate(%.1f %.1f)\"><rect x=\"%.1f\" y=\"-9\" width=\"%.1f\" height=\"18\" rx=\"9\"/><text y=\"4\">%s</text></g>",
			n.w/2, -n.h/2, -wide/2, wide, text)
	}
	w.WriteString("</g>\n")
}

func attribute(name, value string) string { return " " + name + `="` + html.EscapeString(value) + `"` }
