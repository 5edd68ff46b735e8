package ivr

import (
	"slices"
	"strconv"

	"gopkg.in/yaml.v3"

	"careline/phi"
	"careline/problem"
)

const (
	// DefaultScale is what a survey's question is answered on: from 1 to it.
	DefaultScale = 5
	// MaxScale is the highest key.
	MaxScale = 9
	// MaxSurveyQuestions bounds a survey; callers have had their talk.
	MaxSurveyQuestions = 10
	// surveyRetries is how often a question is asked again before it is left out.
	surveyRetries = 1
	// kindSurvey is what a comment is recorded as.
	kindSurvey = "survey"
)

// surveyAction asks the caller how it was. What isn't answered is left out.
type surveyAction struct {
	name      string
	questions []surveyQuestion
	comment   *surveyComment
	timing    timing
	next      edge
}

type surveyQuestion struct {
	name  string
	row   []promptUse
	scale int
}

type surveyComment struct {
	row     []promptUse
	request RecordRequest
}

type surveyText struct {
	Survey surveyDetail `yaml:"survey"`
	Timing timingText   `yaml:"timing"`
	Next   string       `yaml:"next"`
	Label  string       `yaml:"label"`
}

type surveyDetail struct {
	Name      yaml.Node `yaml:"name"`
	Questions yaml.Node `yaml:"questions"`
	Comment   yaml.Node `yaml:"comment"`
}

type surveyQuestionText struct {
	Name  yaml.Node `yaml:"name"`
	Ask   yaml.Node `yaml:"ask"`
	Scale yaml.Node `yaml:"scale"`
}

type surveyCommentText struct {
	Ask     yaml.Node `yaml:"ask"`
	Keep    yaml.Node `yaml:"keep"`
	Max     yaml.Node `yaml:"max"`
	Silence yaml.Node `yaml:"silence"`
}

func (p *parser) survey(s *step, node *yaml.Node) action {
	var text surveyText
	at := problem.Get(node, "survey")
	if at.Kind != yaml.MappingNode {
		p.add(p.at(at, "step %q asks nothing", s.name).Hint("write `survey: {name: after-call, questions: [{name: solved, ask: was-it-solved}]}`"))
		return nil
	}
	p.decode(node, &text)
	detail := text.Survey
	a := &surveyAction{name: detail.Name.Value, timing: p.timing(text.Timing, p.flow.timing), next: p.onward(s, node, "next", onward, whyNext)}
	if !recordingName.MatchString(a.name) {
		p.add(p.at(at, "step %q doesn't name its survey", s.name).Hint("figures are kept by name, as in `name: after-call`: small letters, digits, _ and -"))
	}
	if detail.Questions.Kind != yaml.SequenceNode || len(detail.Questions.Content) == 0 {
		p.add(p.at(at, "step %q asks nothing", s.name).Hint("write `questions:` and below it one `- {name: solved, ask: was-it-solved}` after another"))
		return a
	}
	if n := len(detail.Questions.Content); n > MaxSurveyQuestions {
		p.add(p.at(&detail.Questions, "step %q asks %d questions", s.name, n).Hint("at most %d are asked; callers answer two or three", MaxSurveyQuestions))
	}
	for _, item := range detail.Questions.Content {
		p.surveyQuestion(s, a, item)
	}
	if detail.Comment.Kind != 0 {
		p.surveyComment(s, a, &detail.Comment)
	}
	return a
}

func (p *parser) surveyQuestion(s *step, a *surveyAction, item *yaml.Node) {
	var text surveyQuestionText
	if !p.decode(item, &text) {
		return
	}
	q := surveyQuestion{name: text.Name.Value, row: p.prompts(&text.Ask), scale: p.whole(&text.Scale, DefaultScale, 2, MaxScale)}
	switch {
	case !recordingName.MatchString(q.name):
		p.add(p.at(item, "a question of step %q has no name", s.name).Hint("figures are kept by name, as in `name: solved`"))
	case slices.ContainsFunc(a.questions, func(other surveyQuestion) bool { return other.name == q.name }):
		p.add(p.at(&text.Name, "two questions are called %q", q.name).Hint("give each its own name"))
	}
	if len(q.row) == 0 {
		p.add(p.at(item, "a question of step %q asks nothing", s.name).Hint("write `ask: was-it-solved`, or words by language"))
	}
	a.questions = append(a.questions, q)
}

func (p *parser) surveyComment(s *step, a *surveyAction, node *yaml.Node) {
	var text surveyCommentText
	if !p.decode(node, &text) {
		return
	}
	c := &surveyComment{row: p.prompts(&text.Ask), request: RecordRequest{Kind: kindSurvey, Keep: text.Keep.Value}}
	if len(c.row) == 0 {
		p.add(p.at(node, "the comment of step %q is not asked for", s.name).Hint("write `comment: {ask: leave-a-comment}`"))
	}
	p.limits(&c.request, recordingLimits{&text.Max, &text.Silence, &yaml.Node{}}, DefaultStatementMax, DefaultStatementSilence, DefaultShortestStatement)
	a.comment = c
}

func (*surveyAction) verb() string     { return "survey" }
func (a *surveyAction) edges() []*edge { return []*edge{&a.next} }
func (*surveyAction) touches() []touch { return nil }
func (a *surveyAction) timers() timing { return a.timing }

func (a *surveyAction) prompts() []promptUse {
	var uses []promptUse
	for _, q := range a.questions {
		uses = append(uses, q.row...)
	}
	if a.comment != nil {
		uses = append(uses, a.comment.row...)
	}
	return uses
}

func (a *surveyAction) enter(r *Run) { a.ask(r, 0) }

// ask puts the question at i. Each answer is kept when it is given.
func (a *surveyAction) ask(r *Run, i int) {
	if i == len(a.questions) {
		a.listen(r)
		return
	}
	q := a.questions[i]
	leave := reply{retries: surveyRetries, then: func() { a.ask(r, i+1) }}
	r.ask(&question{
		row: r.row(q.row), bargeIn: true, timing: a.timing, choices: scaleKeys(q.scale), noInput: leave, noMatch: leave,
		done: func(_ phi.Digits, choice string) bool {
			answer, _ := strconv.Atoi(choice) // one of scaleKeys
			r.line.SurveyAnswered(SurveyAnswer{Survey: a.name, Question: q.name, Answer: answer, Scale: q.scale})
			a.ask(r, i+1)
			return true
		},
	})
}

func scaleKeys(scale int) []string {
	keys := make([]string, scale)
	for i := range keys {
		keys[i] = strconv.Itoa(i + 1)
	}
	return keys
}

// listen records a comment, if the survey asks for one.
func (a *surveyAction) listen(r *Run) {
	onward := func() { r.follow(&a.next) }
	if a.comment == nil {
		onward()
		return
	}
	r.speak(r.row(a.comment.row), speech{bargeIn: true, then: func() {
		r.record(a.comment.request, nil, func(outcome RecordOutcome) {
			if outcome != Spoken {
				onward()
				return
			}
			r.keep(func(kept bool) {
				if kept {
					r.line.SurveyAnswered(SurveyAnswer{Survey: a.name, Question: "comment"})
				}
				onward()
			})
		})
	}})
}
