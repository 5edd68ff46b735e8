package desk

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
)

// element is a piece of a drawing. The page builds it piece by piece: its policy lets
// no text become markup (guard.go).
type element struct {
	Name       string            `json:"name"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Text       string            `json:"text,omitempty"`
	Children   []*element        `json:"children,omitempty"`
}

// parseSVG takes an SVG apart. Its style sheet is left out: the page has its own.
func parseSVG(svg []byte) (*element, error) {
	decoder := xml.NewDecoder(bytes.NewReader(svg))
	root := &element{}
	open := []*element{root}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		at := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local == "style" {
				if err := decoder.Skip(); err != nil {
					return nil, err
				}
				continue
			}
			child := &element{Name: token.Name.Local, Attributes: map[string]string{}}
			for _, attribute := range token.Attr {
				if attribute.Name.Local != "xmlns" {
					child.Attributes[attribute.Name.Local] = attribute.Value
				}
			}
			at.Children = append(at.Children, child)
			open = append(open, child)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if text := string(bytes.TrimSpace(token)); text != "" {
				at.Text += text
			}
		}
	}
	if len(root.Children) != 1 {
		return nil, errors.New("desk: a drawing has one root")
	}
	return root.Children[0], nil
}
