package prompts

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
)

// talentColumns head the script for a voice talent.
var talentColumns = []string{"file", "language", "words", "how", "now", "where"}

// byteOrderMark lets spreadsheets read the script as UTF-8.
const byteOrderMark = "\ufeff"

// WriteTalentScript writes what a voice talent is to record, as a table (RFC 4180)
// with a row for each prompt: the file to deliver, the words, how to say them.
func WriteTalentScript(w io.Writer, entries []Entry) error {
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return err
	}
	table := csv.NewWriter(w)
	table.UseCRLF = true
	if err := table.Write(talentColumns); err != nil {
		return err
	}
	for _, entry := range entries {
		row := []string{entry.Language + "/" + entry.Name + ".wav", entry.Language, asCell(entry.Words), manner(entry), now(entry), entry.Where}
		if err := table.Write(row); err != nil {
			return err
		}
	}
	table.Flush()
	return table.Error()
}

// asCell keeps a spreadsheet from taking words for a formula.
func asCell(words string) string {
	if strings.ContainsAny(words[:min(len(words), 1)], "=+-@\t") {
		return "'" + words
	}
	return words
}

// manner tells a talent how a prompt is to be said.
func manner(entry Entry) string {
	switch {
	case piece(entry.Name):
		return "a piece: heard in a row with others, so say it evenly, neither rising nor falling, with no pause around it"
	case endsOpen(entry.Words):
		return "a beginning: a value follows, so let the voice stay up"
	}
	return "a whole sentence"
}

// endsOpen reports whether words end without a full stop.
func endsOpen(words string) bool {
	return words != "" && !strings.ContainsAny(words[len(words)-1:], ".!?")
}

func now(entry Entry) string {
	switch {
	case entry.Fault != "":
		return entry.Fault
	case entry.Lasts > 0:
		return fmt.Sprintf("%s, %.1f s", entry.State, entry.Lasts.Seconds())
	}
	return string(entry.State)
}
