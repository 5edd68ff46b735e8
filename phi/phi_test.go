package phi

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	texttemplate "text/template"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"
)

const secret = "48201937Park"

// Carriers hold protected values in every way that a struct can.
type inner struct {
	Public  String
	private String
	Keys    Digits
	keys    Digits
}

type carrier struct {
	inner
	Value    String
	hidden   String
	Pointer  *String
	hiddenP  *String
	Any      any
	hiddenA  any
	List     []String
	hiddenL  []String
	Map      map[string]String
	hiddenM  map[string]String
	Array    [1]Digits
	Nested   *inner
	hiddenN  *inner
	Stringer fmt.Stringer
}

func newCarrier() carrier {
	s, d := NewString(secret), NewDigits(secret)
	in := inner{s, s, d, d}
	return carrier{
		in, s, s, &s, &s, s, s, []String{s}, []String{s}, map[string]String{"k": s}, map[string]String{"k": s}, [1]Digits{d}, &in, &in, s,
	}
}

// values are all shapes in which a protected value may reach a printer.
func values() map[string]any {
	s, d, c := NewString(secret), NewDigits(secret), newCarrier()
	return map[string]any{
		"string": s, "pointer": &s, "digits": d, "pointer to digits": &d, "carrier": c, "pointer to carrier": &c,
		"slice": []any{s, d, c, &c}, "map": map[string]any{"s": s, "c": c}, "array": [2]String{s, s},
		"error": fmt.Errorf("looking up %v: %w", s, errors.New("x")), "text of digits": d.Text(),
		"function": s.text, "channel of": struct{ C chan String }{make(chan String)},
	}
}

// leaks looks for the secret as it is, in hex, as bytes in decimal, and in parts.
func leaks(text string) bool {
	for _, form := range []string{
		secret, secret[:6], "Park", fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), fmt.Sprintf("% x", secret),
		strings.Trim(fmt.Sprint([]byte(secret)), "[]"), "NDgyMDE5MzdQYXJr", "0x34, 0x38",
	} {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}

func TestNoVerbShowsAValue(t *testing.T) {
	var formats []string
	for verb := rune('A'); verb <= 'z'; verb++ {
		for _, flags := range []string{"", "+", "#", "-", " ", "0", "20", ".3", "+#20.8", "[1]"} {
			formats = append(formats, "%"+flags+string(verb))
		}
	}
	formats = append(formats, "%!", "%", "%é", "%*d", "%[2]*[1]d", "%%")
	for name, value := range values() {
		for _, format := range formats {
			if text := fmt.Sprintf(format, value, value); leaks(text) {
				t.Errorf("%s printed by %s: %s", name, format, text)
			}
		}
		if leaks(fmt.Sprint(value)) || leaks(fmt.Sprintln(value)) {
			t.Errorf("%s is shown by Sprint", name)
		}
	}
}

func TestValuesPrintAsTheMask(t *testing.T) {
	for _, value := range []any{NewString(secret), NewDigits(secret), NewString(secret).String(), NewDigits(secret).String(), String{}} {
		for _, format := range []string{"%v", "%s", "%+v", "%#v", "%q", "%d", "%x"} {
			if _, isText := value.(string); isText && format != "%v" && format != "%s" {
				continue
			}
			if text := fmt.Sprintf(format, value); text != Mask {
				t.Errorf("%T by %s: %q", value, format, text)
			}
		}
	}
}

func TestNoEncoderShowsAValue(t *testing.T) {
	encoders := map[string]func(any) (string, error){
		"json":        func(v any) (string, error) { b, err := json.Marshal(v); return string(b), err },
		"json indent": func(v any) (string, error) { b, err := json.MarshalIndent(v, "", " "); return string(b), err },
		"yaml":        func(v any) (string, error) { b, err := yaml.Marshal(v); return string(b), err },
		"xml":         func(v any) (string, error) { b, err := xml.Marshal(v); return string(b), err },
		"gob": func(v any) (string, error) {
			var b bytes.Buffer
			err := gob.NewEncoder(&b).Encode(v)
			return b.String(), err
		},
		"text template": func(v any) (string, error) {
			var b bytes.Buffer
			err := texttemplate.Must(texttemplate.New("").Parse(`{{.}} {{printf "%s %q %x" . . .}} {{print .}} {{html .}} {{js .}}`)).Execute(&b, v)
			return b.String(), err
		},
		"html template": func(v any) (string, error) {
			var b bytes.Buffer
			err := template.Must(template.New("").Parse(`<a title="{{.}}">{{.}}</a><script>var x = {{.}}</script>`)).Execute(&b, v)
			return b.String(), err
		},
		"slog": func(v any) (string, error) {
			var b bytes.Buffer
			slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "v", v)
			slog.New(slog.NewTextHandler(&b, nil)).Info("x", "v", v)
			return b.String(), nil
		},
		"zap":         zapped(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())),
		"zap console": zapped(zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig())),
		"panic":       panicked,
	}
	for encoder, encode := range encoders {
		for name, value := range values() {
			text, err := encoded(encode, value)
			if leaks(text) || err != nil && leaks(err.Error()) {
				t.Errorf("%s encoded by %s: %s, %v", name, encoder, text, err)
			}
		}
	}
}

// encoded takes a panic of an encoder, which may print what it was at, for text.
func encoded(encode func(any) (string, error), value any) (text string, err error) {
	defer func() {
		if r := recover(); r != nil {
			text += fmt.Sprint(r)
		}
	}()
	return encode(value)
}

func panicked(v any) (text string, err error) {
	defer func() { text = fmt.Sprintf("%v %+v %#v", recover(), v, v) }()
	panic(v)
}

func zapped(encoder zapcore.Encoder) func(any) (string, error) {
	return func(v any) (string, error) {
		var b bytes.Buffer
		log := zap.New(zapcore.NewCore(encoder, zapcore.AddSync(&b), zap.DebugLevel))
		log.Info("event", zap.Any("any", v), zap.Reflect("reflect", v))
		if s, ok := v.(fmt.Stringer); ok {
			log.Info("event", zap.Stringer("stringer", s))
		}
		if err, ok := v.(error); ok {
			log.Info("event", zap.Error(err))
		}
		log.Sugar().Infow("event", "v", v)
		log.Sugar().Infof("%v %+v %#v", v, v, v)
		return b.String(), nil
	}
}

func TestJSONHoldsTheMask(t *testing.T) {
	type row struct {
		Name String `json:"name"`
		Keys Digits `json:"keys"`
	}
	raw, err := json.Marshal(row{NewString(secret), NewDigits(secret)})
	if err != nil || string(raw) != `{"name":"•••","keys":"•••"}` {
		t.Errorf("%s, %v", raw, err)
	}
	var back row
	if err := json.Unmarshal(raw, &back); err == nil {
		t.Error("a mask was read back as if it were a value")
	}
}

func TestGobRefuses(t *testing.T) {
	for _, value := range []any{NewString(secret), NewDigits(secret), struct{ S String }{NewString(secret)}, struct{ D Digits }{NewDigits(secret)}} {
		if err := gob.NewEncoder(&bytes.Buffer{}).Encode(value); err == nil {
			t.Errorf("%T was encoded", value)
		}
	}
}

// Reflection reaches no text, as a debugger's printer or a deep copy would try.
func TestReflectionFindsNoText(t *testing.T) {
	for name, value := range values() {
		if name == "error" {
			continue // its text is the mask, checked above
		}
		dig(t, name, reflect.ValueOf(value), 0)
	}
}

func dig(t *testing.T, path string, v reflect.Value, depth int) {
	if depth > 8 || !v.IsValid() {
		return
	}
	switch v.Kind() {
	case reflect.String:
		if leaks(v.String()) {
			t.Errorf("%s holds the text", path)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			dig(t, path+"."+v.Type().Field(i).Name, v.Field(i), depth+1)
		}
	case reflect.Pointer, reflect.Interface:
		dig(t, path, v.Elem(), depth+1)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			dig(t, fmt.Sprintf("%s[%d]", path, i), v.Index(i), depth+1)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			dig(t, path+"[]", v.MapIndex(key), depth+1)
		}
	case reflect.Func:
		if v.CanInterface() && strings.Contains(path, ".") {
			t.Errorf("%s can be called from outside", path)
		}
	}
}

// auditBook is an Auditor that remembers, or fails.
type auditBook struct {
	accesses []Access
	err      error
}

func (b *auditBook) RecordAccess(_ context.Context, access Access) error {
	if b.err == nil {
		b.accesses = append(b.accesses, access)
	}
	return b.err
}

func TestRevealTellsTheAuditFirst(t *testing.T) {
	book := &auditBook{}
	access := Access{Call: "call-1", Actor: "agent:maria", Subject: "token", Field: "name", Purpose: ScreenPop}
	text, err := NewString(secret).Reveal(t.Context(), book, access)
	if text != secret || err != nil || len(book.accesses) != 1 || book.accesses[0] != access {
		t.Errorf("text right %v, error %v, audit %+v", text == secret, err, book.accesses)
	}
	book.err = errors.New("disk full")
	text, err = NewString(secret).Reveal(t.Context(), book, access)
	if text != "" || !errors.Is(err, book.err) || !strings.Contains(err.Error(), "name not read") || leaks(err.Error()) {
		t.Errorf("without an audit: %d letters, %v", len(text), err)
	}
	text, err = NewString(secret).Reveal(t.Context(), nil, access)
	if text != "" || !errors.Is(err, ErrNoAuditor) {
		t.Errorf("without an auditor: %d letters, %v", len(text), err)
	}
}

func TestComparingNeedsNoReveal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.StringOfN(rapid.RuneFrom([]rune("ab0")), 0, 3, -1)
		a, b := texts.Draw(t, "a"), texts.Draw(t, "b")
		x, y := NewString(a), NewString(b)
		if x.Equal(y) != (a == b) || x.IsEmpty() != (a == "") || NewDigits(a).Is(b) != (a == b) {
			t.Fatalf("%q and %q", a, b)
		}
		key, other := []byte("key"), []byte("other")
		if (x.Token(key) == y.Token(key)) != (a == b) || x.Token(key) == x.Token(other) || len(x.Token(key)) != 32 {
			t.Fatalf("tokens of %q and %q", a, b)
		}
	})
	if leaks(NewString(secret).Token([]byte("key"))) {
		t.Error("the token shows the text")
	}
}
