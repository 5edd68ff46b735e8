package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"careline/acd"
	"careline/call"
	"careline/config"
	"careline/ledger"
	"careline/operations"
)

// maxMessages bounds what careline message list prints.
const maxMessages = 500

func messageEntry() command {
	return command{
		name: "message", arguments: "TASK [--config DIR] [ID]", summary: "list the messages that callers left, and note what came of calling back",
		details: `
list [--json] [BOX]                what is to be answered, what is due first at the top;
                                   then what was answered lately
show [--json] ID                   what is known of one
answered --outcome OUTCOME ID      notes what came of it, by the running server: reached,
                                   left_word, wrong_number, not_needed, or no_answer,
                                   which leaves it open
Numbers aren't shown, and nothing is heard: careline recording export opens a
message's sound by its ID, and the audit says so.`,
		examples: []string{"message list", "message list member_services", "message answered --outcome reached 0190a1b2-..."},
		run:      messageCommand,
	}
}

// deskMessages are what the desk's page of messages needs.
type deskMessages struct {
	*ledger.Ledger
	center *call.Center
}

// Boxes are those that the agent hears.
func (d deskMessages) Boxes(agent acd.AgentID) []string { return d.center.BoxesOf(agent) }

// messageOrder is a careline message as it was typed.
type messageOrder struct {
	ledgerFlags
	task, word, socket, outcome string
	json                        bool
}

func messageCommand(ctx context.Context, t terminal, args []string) int {
	var order messageOrder
	flags := flag.NewFlagSet("message", flag.ContinueOnError)
	order.add(flags)
	flags.StringVar(&order.socket, "socket", "", "the server's control socket")
	flags.StringVar(&order.outcome, "outcome", "", "what came of calling back")
	flags.BoolVar(&order.json, "json", false, "print as JSON")
	positional, err := t.parse(flags, args)
	if len(positional) > 0 {
		order.task = positional[0]
	}
	if len(positional) > 1 {
		order.word = positional[1]
	}
	if err == nil {
		if why := order.misused(len(positional)); why != "" {
			err = t.misused("message", why)
		}
	}
	if err != nil {
		return exitMisused
	}
	if order.task == "answered" {
		err = order.answered(ctx, t)
	} else {
		err = order.print(ctx, t)
	}
	if err != nil {
		return t.fail(err)
	}
	return exitOK
}

func (o messageOrder) misused(words int) string {
	switch {
	case !slices.Contains([]string{"list", "show", "answered"}, o.task):
		return "say what to do: list, show or answered"
	case words > 2:
		return "that is one word too many"
	case o.task != "list" && o.word == "":
		return "name the message by its ID, as careline message list shows it"
	case o.task == "answered" && !slices.Contains(ledger.Outcomes(), ledger.Outcome(o.outcome)):
		return "say what came of it with --outcome: reached, left_word, no_answer, wrong_number or not_needed"
	}
	return ""
}

func (o messageOrder) answered(ctx context.Context, t terminal) error {
	socket, err := o.socket, error(nil)
	if socket == "" {
		if socket, err = config.Control(o.config); err != nil {
			return fmt.Errorf("%w\nname the server's socket with --socket to go without the configuration", err)
		}
	}
	message, err := operations.AnswerMessage(ctx, socket, o.word, ledger.Outcome(o.outcome))
	if err != nil {
		return err
	}
	if message.Open() {
		fmt.Fprintf(t.stdout, "noted; it is to be answered by %s still\n", clock(message.Due))
	} else {
		fmt.Fprintf(t.stdout, "answered: %s\n", message.Outcome)
	}
	return nil
}

// print lists messages, or shows one.
func (o messageOrder) print(ctx context.Context, t terminal) error {
	kept, _, err := o.open()
	if err != nil {
		return err
	}
	defer kept.Close()
	var list []ledger.Message
	if o.task == "show" {
		message, err := kept.Message(ctx, o.word)
		if err != nil {
			return err
		}
		list = append(list, message)
	} else if list, err = messagesOf(ctx, kept, o.word); err != nil {
		return err
	}
	if o.json {
		encoder := json.NewEncoder(t.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(list)
	}
	if len(list) == 0 {
		fmt.Fprintln(t.stdout, "there are no messages")
		return nil
	}
	table := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tBOX\tLEFT\tLENGTH\tLANGUAGE\tCALLER\tNUMBER\tDUE\tSTATE")
	for _, m := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", m.ID, m.Box, clock(m.Left), m.Length.Round(time.Second), m.Language, verified(m.Verification, ""), m.Number, clock(m.Due), stateOf(m, time.Now()))
	}
	return table.Flush()
}

// messagesOf are a box's, or all.
func messagesOf(ctx context.Context, kept *ledger.Ledger, box string) ([]ledger.Message, error) {
	boxes := []string{box}
	if box == "" {
		known, err := kept.MessageBoxes(ctx)
		if err != nil {
			return nil, err
		}
		boxes = known
	}
	return kept.Messages(ctx, boxes, maxMessages)
}

// stateOf is how a message stands, in words.
func stateOf(m ledger.Message, now time.Time) string {
	switch {
	case !m.Open():
		return fmt.Sprintf("%s, by %s", m.Outcome, m.AnsweredBy)
	case m.Overdue(now):
		return "OVERDUE"
	case m.Heard.IsZero():
		return "new"
	}
	return "heard"
}

func surveyEntry() command {
	return command{
		name: "survey", arguments: "[--config DIR | --ledger FILE] [--since 168h] [--by queue|agent] [--csv] [SURVEY]", summary: "add up what callers answered",
		details: `
Prints for each question how many answered, the mean, and the share of each answer,
over the last week or what --since says; of one survey, or all. Nothing in it says who
answered. --by takes the figures apart by queue or agent.`,
		examples: []string{"survey", "survey --since 720h --by agent pharmacy", "survey --csv > answers.csv"},
		run:      surveyCommand,
	}
}

func surveyCommand(ctx context.Context, t terminal, args []string) int {
	var where ledgerFlags
	flags := flag.NewFlagSet("survey", flag.ContinueOnError)
	where.add(flags)
	since := flags.Duration("since", 7*24*time.Hour, "how far back")
	by := flags.String("by", "", "queue or agent")
	asCSV := flags.Bool("csv", false, "print as CSV")
	positional, err := t.parse(flags, args)
	switch {
	case err == nil && len(positional) > 1:
		err = t.misused("survey", "name one survey")
	case err == nil && !slices.Contains([]string{"", "queue", "agent"}, *by):
		err = t.misused("survey", "figures are taken apart by queue or by agent")
	}
	if err != nil {
		return exitMisused
	}
	kept, _, err := where.open()
	if err != nil {
		return t.fail(err)
	}
	defer kept.Close()
	survey := ""
	if len(positional) == 1 {
		survey = positional[0]
	}
	answers, err := kept.SurveyAnswers(ctx, survey, time.Now().Add(-*since))
	if err != nil {
		return t.fail(err)
	}
	rows := added(answers, *by)
	if *asCSV {
		err = rows.csv(t.stdout)
	} else {
		err = rows.table(t.stdout)
	}
	if err != nil {
		return t.fail(err)
	}
	return exitOK
}

// added adds answers up, by survey, question and queue or agent.
func added(answers []ledger.SurveyAnswer, by string) surveyRows {
	rows := map[string]*surveyRow{}
	for _, a := range answers {
		if a.Scale == 0 {
			continue // a comment
		}
		of := map[string]string{"queue": a.Queue, "agent": a.Agent}[by]
		key := a.Survey + "\x00" + a.Question + "\x00" + of
		row := rows[key]
		if row == nil {
			row = &surveyRow{survey: a.Survey, question: a.Question, of: of, scale: a.Scale, counts: map[int]int{}}
			rows[key] = row
		}
		row.scale = max(row.scale, a.Scale)
		row.counts[a.Answer]++
	}
	var list surveyRows
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		list = append(list, *rows[key])
	}
	return list
}
