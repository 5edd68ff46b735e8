// Package prompts renders what callers hear: it turns prompt scripts
// (<language>.yaml: prompt name, words) and the words that flows write into 8 kHz
// µ-law WAVs with a speech synthesiser, and composes the hold music. Words are
// rendered when they are read and kept by content, so that a server needs no
// synthesiser for what was rendered before.
//
// What must not live here: playing (media), and which prompt is played when
// (ivr).
//
// Three calls to know:
//
//	result, err := prompts.Render(ctx, "config/demo/prompts", prompts.Options{}) // what changed in the scripts
//	spoken := prompts.Cache{Folder: "var/speech"}.Speak(ctx, texts)        // words that flows write
//	music := prompts.Compose()                          // the hold music, as samples
package prompts
