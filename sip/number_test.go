package sip

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// TestNumberIsNeverPrinted through any verb, encoder or logger, wherever it stands.
func TestNumberIsNeverPrinted(t *testing.T) {
	number := NewNumber("+13125550142")
	within := struct {
		caller  identity
		Numbers []Number
	}{identity{number: number}, []Number{number}}
	var said []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		said = append(said, fmt.Sprintf(verb, number), fmt.Sprintf(verb, within), fmt.Sprintf(verb, &within))
	}
	raw, err := json.Marshal(map[string]any{"number": number, "within": within})
	must(t, err)
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{})
	line, err := encoder.EncodeEntry(zapcore.Entry{}, []zapcore.Field{zap.Any("number", number), zap.Any("within", within), zap.Stringer("said", number)})
	must(t, err)
	said = append(said, string(raw), line.String())
	for _, text := range said {
		if strings.Contains(text, "5550142") || strings.Contains(text, fmt.Sprintf("%x", "5550142")) {
			t.Errorf("it shows in %s", text)
		}
	}
	if number.Reveal() != "+13125550142" || number != NewNumber("+13125550142") || NewNumber("").Known() || (Number{}).Reveal() != "" {
		t.Error("numbers are no longer what they were made of")
	}
}
