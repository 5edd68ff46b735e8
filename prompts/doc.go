// Package prompts renders what callers hear: at authoring time it turns the
// prompt scripts (<language>.yaml: prompt name, words) into 8 kHz µ-law WAVs with
// a speech synthesiser, and composes the hold music. The results are committed,
// so nothing of this runs, or need be installed, on a server.
//
// What must not live here: playing (media), and which prompt is played when
// (ivr).
//
// Three calls to know:
//
//	result, err := prompts.Render(ctx, "config/demo/prompts", prompts.Options{Voices: prompts.Voices()})
//	problems := prompts.Check("config/demo/prompts", prompts.Voices()) // WAVs and scripts belong together
//	music := prompts.Compose()                          // the hold music, as samples
package prompts
