package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// surveyRow is how a question was answered. of is a queue or an agent; empty for all.
type surveyRow struct {
	survey, question, of string
	scale                int
	counts               map[int]int
}

type surveyRows []surveyRow

// total is how many answered, and their mean.
func (r surveyRow) total() (count int, mean float64) {
	sum := 0
	for answer, n := range r.counts {
		count, sum = count+n, sum+answer*n
	}
	return count, float64(sum) / float64(max(count, 1))
}

// table prints rows for people.
func (rows surveyRows) table(w io.Writer) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintln(w, "nobody has answered")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SURVEY\tQUESTION\tOF\tANSWERS\tMEAN\tSHARES")
	for _, row := range rows {
		count, mean := row.total()
		var shares []string
		for answer := 1; answer <= row.scale; answer++ {
			shares = append(shares, fmt.Sprintf("%d: %.0f%%", answer, 100*float64(row.counts[answer])/float64(count)))
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%.2f of %d\t%s\n", row.survey, row.question, row.of, count, mean, row.scale, strings.Join(shares, "  "))
	}
	return table.Flush()
}

// csv prints a line for each answer that a question may have.
func (rows surveyRows) csv(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"survey", "question", "of", "answer", "count"}); err != nil {
		return err
	}
	for _, row := range rows {
		for answer := 1; answer <= row.scale; answer++ {
			if err := out.Write([]string{row.survey, row.question, row.of, strconv.Itoa(answer), strconv.Itoa(row.counts[answer])}); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}
