package prompts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"careline/media"
)

// Service is a synthesiser that is reached by HTTP. It gets the words by POST and
// answers with a WAV or Opus in Ogg.
type Service struct {
	URL string
	// Body is what is sent: %TEXT stands for the words, as a JSON string where the
	// body is JSON, else as they are. Empty: the words alone, as text.
	Body string
	// Headers go along; they may hold a secret and are never told.
	Headers map[string]string
	// Client carries the request; nil: one that follows no redirects, since a secret
	// would go along.
	Client *http.Client
}

// Name implements Voice. The headers are not part of it.
func (s Service) Name() string { return s.URL + " " + s.Body }

// Speak implements Voice.
func (s Service) Speak(ctx context.Context, words string) (media.Sound, error) {
	request, err := s.request(ctx, words)
	if err != nil {
		return media.Sound{}, err
	}
	client := s.Client
	if client == nil {
		client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	answer, err := client.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return media.Sound{}, fmt.Errorf("%s: %w", request.URL.Host, ctx.Err())
		}
		return media.Sound{}, fmt.Errorf("%w: %w", ErrVoice, err)
	}
	defer answer.Body.Close()
	switch {
	case answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden:
		return media.Sound{}, fmt.Errorf("%w: %s doesn't let us in: %s", ErrVoice, request.URL.Host, answer.Status)
	case answer.StatusCode != http.StatusOK:
		return media.Sound{}, fmt.Errorf("%s answered %s", request.URL.Host, answer.Status)
	}
	sound, err := media.ReadSound(io.LimitReader(answer.Body, media.MaxWAV), longestSpeech)
	if err != nil {
		return media.Sound{}, fmt.Errorf("%s answered with something else than sound: %w", request.URL.Host, err)
	}
	return sound, nil
}

func (s Service) request(ctx context.Context, words string) (*http.Request, error) {
	body, kind := words, "text/plain; charset=utf-8"
	switch {
	case strings.HasPrefix(strings.TrimSpace(s.Body), "{"):
		quoted, err := json.Marshal(words)
		if err != nil {
			return nil, err
		}
		body, kind = strings.ReplaceAll(s.Body, "%TEXT", string(quoted)), "application/json"
		if !json.Valid([]byte(body)) {
			return nil, fmt.Errorf("%w: the body for %s is not JSON once %%TEXT stands for a string", ErrVoice, s.URL)
		}
	case s.Body != "":
		body = strings.ReplaceAll(s.Body, "%TEXT", words)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, strings.NewReader(body))
	if err != nil {
		return nil, errors.Join(ErrVoice, err)
	}
	request.Header.Set("Content-Type", kind)
	request.Header.Set("Accept", "audio/wav, audio/ogg;q=0.5")
	for name, value := range s.Headers {
		request.Header.Set(name, value)
	}
	return request, nil
}
