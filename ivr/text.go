package ivr

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"

	"careline/problem"
)

const (
	// MaxWords bounds one text that is spoken, in letters: about a minute and a half.
	MaxWords = 1200
	// textFolder is where the sounds of texts are kept among the prompts.
	textFolder = "text/"
	// slugWords and slugLetters bound what a text's name shows of its words.
	slugWords, slugLetters = 6, 48
)

// Text is words that a flow has spoken, in one language. They are the same for
// every caller: values are never part of them.
type Text struct {
	// Prompt is what the sound of the words is called.
	Prompt
	Words string
	// Position is where they are first written.
	Position problem.Position
}

// TextName is what the sound of words is called: words changed are another
// prompt, and the same words are one wherever they stand.
func TextName(words string) string {
	words = plain(words)
	sum := sha256.Sum256([]byte(words))
	return textFolder + slug(words) + hex.EncodeToString(sum[:5])
}

// plain gives words as they are spoken: how lines are broken makes no difference.
func plain(words string) string { return strings.Join(strings.Fields(words), " ") }

// slug shows how words begin, for people who look into the folder.
func slug(words string) string {
	folded := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == ' ':
			return r
		case r == '-' || r == '/' || r == ',':
			return ' '
		}
		return -1
	}, unaccented(strings.ToLower(words)))
	parts := strings.Fields(folded)
	text := ""
	for _, part := range parts[:min(len(parts), slugWords)] {
		if len(text)+len(part) > slugLetters {
			break
		}
		text += part + "-"
	}
	return text
}

// unaccented takes the marks off the letters of Spanish and its neighbours.
func unaccented(words string) string {
	return strings.NewReplacer("á", "a", "à", "a", "â", "a", "ã", "a", "ä", "a", "é", "e", "è", "e", "ê", "e", "ë", "e",
		"í", "i", "ï", "i", "î", "i", "ó", "o", "ô", "o", "õ", "o", "ö", "o", "ú", "u", "ù", "u", "û", "u", "ü", "u", "ñ", "n", "ç", "c").Replace(words)
}

// speakable reports whether there is something to say in words: what stands
// between two values may be a full stop alone.
func speakable(words string) bool {
	return strings.ContainsFunc(words, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// text reads words written by language: {en-US: We are closed today., es-US: …}.
func (p *parser) text(node *yaml.Node) promptUse {
	use := promptUse{node: node, by: map[string]promptUse{}}
	texts := p.byLanguage(node)
	for _, language := range p.flow.languages {
		words, ok := texts[language]
		if !ok {
			continue
		}
		if strings.Contains(words.node.Value, "{{") {
			p.add(p.within(words.node, "{{", 0, "words that are played hold no values").Hint("write them under \"say\""))
			return use
		}
		use.by[language] = p.words(words.node, words.node.Value, words.language)
	}
	return use
}

// words makes a prompt of words in a language.
func (p *parser) words(node *yaml.Node, words, language string) promptUse {
	return promptUse{name: TextName(words), language: language, words: plain(words), node: node}
}

// written is words as they stand in the file.
type written struct {
	language string
	node     *yaml.Node
}

// byLanguage reads words by language, and gives for each language of the flow
// those that a call in it hears: its own, or those of a language that stands in.
func (p *parser) byLanguage(node *yaml.Node) map[string]written {
	known := p.set.environment.Languages
	given, sound := map[string]*yaml.Node{}, true
	refuse := func(problem problem.Problem) { p.add(problem); sound = false }
	for _, pair := range problem.Pairs(node) {
		language, words := pair.Key.Value, pair.Value
		switch {
		case !slices.Contains(known, language):
			refuse(p.at(pair.Key, "there are no prompts in language %q", language).Hint("%s", didYouMean(language, known, "the languages are ")))
		case words.Kind != yaml.ScalarNode || !speakable(words.Value):
			refuse(p.at(words, "here words are expected").Hint("write what a caller hears, as in `%s: We are closed today.`", language))
		case len([]rune(words.Value)) > MaxWords:
			refuse(p.at(words, "these words have %d letters", len([]rune(words.Value))).Hint("at most %d are spoken at once: make several texts of them", MaxWords))
		default:
			given[language] = words
		}
	}
	found := map[string]written{}
	for _, language := range p.flow.languages {
		for _, other := range append([]string{language}, p.set.environment.Fallback[language]...) {
			if words := given[other]; words != nil {
				found[language] = written{other, words}
				break
			}
		}
		if _, ok := found[language]; !ok && sound {
			refuse(p.at(node, "there are no words in %s here", language).Hint("add `%s: …`", language))
		}
	}
	if !sound {
		return nil
	}
	return found
}

// texts lists the words that a use may speak, one for each language.
func (u promptUse) texts() []promptUse {
	if u.words != "" {
		return []promptUse{u}
	}
	var uses []promptUse
	for _, language := range slices.Sorted(maps.Keys(u.by)) {
		uses = append(uses, u.by[language])
	}
	return uses
}

// written gives a use as it stands in the file: a prompt's name, or words.
func (u promptUse) written() string {
	if texts := u.texts(); len(texts) > 0 {
		return `"` + texts[0].words + `"`
	}
	if u.language != "" {
		return u.name + "@" + u.language
	}
	return u.name
}

// texts gathers the words of all flows, and has them given their sound.
func (c *checker) texts() {
	type place struct {
		flow *flow
		use  promptUse
	}
	places := map[Prompt]place{}
	for _, f := range c.set.sorted() {
		for _, s := range f.steps {
			if s.action == nil {
				continue
			}
			for _, use := range s.action.prompts() {
				for _, text := range use.texts() {
					if _, known := places[text.in("")]; !known {
						places[text.in("")] = place{f, text}
					}
				}
			}
		}
	}
	c.set.texts = make(map[Prompt]Text, len(places))
	for prompt, at := range places {
		c.set.texts[prompt] = Text{Prompt: prompt, Words: at.use.words, Position: at.flow.source.at(at.use.node, "").Position}
	}
	if c.set.environment.Speak == nil {
		return
	}
	for prompt, why := range c.set.environment.Speak(c.set.Texts()) {
		at := places[prompt]
		p := at.flow.source.at(at.use.node, "the words %q have no sound in %s: %v", beginning(at.use.words), prompt.Language, why)
		c.add(p.Hint("record them as prompts/%s/%s.wav, or render them where a synthesiser is: careline prompts render DIR", prompt.Language, prompt.Name))
	}
}

// beginning is enough of words to know them by.
func beginning(words string) string {
	const most = 40
	letters := []rune(words)
	if len(letters) <= most {
		return words
	}
	return string(letters[:most]) + "…"
}

// Texts lists the words that flows have spoken, by language and name.
func (s *Set) Texts() []Text {
	return slices.SortedFunc(maps.Values(s.texts), func(a, b Text) int {
		return cmp.Or(cmp.Compare(a.Language, b.Language), cmp.Compare(a.Name, b.Name))
	})
}

// Words gives what is heard in a prompt that was made of words; false if it is
// a recording.
func (s *Set) Words(prompt Prompt) (string, bool) {
	text, ok := s.texts[prompt]
	return text.Words, ok
}
