package dial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"careline/media"
)

const (
	// look is how often a waiting step looks again: once a frame.
	look = media.FrameDuration
	// soundDue is how long after the answer the first packet must have come.
	soundDue = 2 * time.Second
)

// Call places a call, follows the script, hangs up and reports. A call that was
// refused or that nobody answered is a report, not an error; an error says that
// the call couldn't be tried, or its recording not be saved.
func Call(ctx context.Context, options Options) (Report, error) {
	options = options.withDefaults()
	sounds, err := loadSounds(options.Script)
	if err != nil {
		return Report{Target: options.Target}, err
	}
	c, report, err := Open(ctx, options)
	var refused *RefusedError
	switch {
	case errors.As(err, &refused), errors.Is(err, errCancelled):
		return report, nil
	case err != nil:
		return report, err
	}
	problem := c.follow(ctx, options.Script, sounds)
	closing := c.Close()
	report = c.Report()
	if problem != nil {
		report.Problem = problem.Error()
	}
	switch {
	case report.Problem != "":
	case closing != nil:
		report.Problem = closing.Error()
	case report.Heard.Packets == 0 && report.Lasted >= soundDue:
		report.Problem = "not one packet of sound came; does a firewall stop the RTP, or does the far side's SDP name the wrong address?"
	}
	if options.Record != "" {
		_, samples := c.Heard()
		if err := saveWAV(options.Record, samples); err != nil {
			return report, err
		}
		report.Saved = fmt.Sprintf("%s (%s)", options.Record, seconds(time.Duration(len(samples))*time.Second/media.SampleRate))
	}
	return report, nil
}

// follow does the steps in order; it stops when the call is over.
func (c *Conversation) follow(ctx context.Context, script []Step, sounds map[string][]int16) error {
	limited, stop := context.WithTimeout(ctx, c.options.CallTime)
	defer stop()
	for i, step := range script {
		c.progress("%s", step)
		err := c.do(limited, step, sounds)
		if err == nil {
			c.mu.Lock()
			c.report.StepsDone = i + 1
			c.mu.Unlock()
		}
		switch {
		case errors.Is(err, ErrOver) && step.Verb == Listen:
			if i == len(script)-1 || script[i+1].Verb == HangUp {
				return nil
			}
			return fmt.Errorf("the call was over at step %d, %s", i+1, step)
		case errors.Is(err, ErrOver):
			return fmt.Errorf("the call was over at step %d, %s", i+1, step)
		case errors.Is(err, context.Canceled):
			return nil // the person at the keyboard hung up
		case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
			return fmt.Errorf("step %d, %s: the call reached its limit of %v", i+1, step, c.options.CallTime)
		case err != nil:
			return fmt.Errorf("step %d, %s: %w", i+1, step, err)
		}
		if step.Verb == HangUp {
			return nil
		}
	}
	return nil
}

func (c *Conversation) do(ctx context.Context, step Step, sounds map[string][]int16) error {
	select {
	case <-c.over:
		return ErrOver
	default:
	}
	var done <-chan struct{}
	var err error
	switch step.Verb {
	case HangUp:
		return c.HangUp(ctx)
	case Press:
		done, err = c.Press(step.Keys...)
	case Speak:
		done, err = c.Say(sounds[step.File])
	case WaitForSound:
		return c.await(ctx, c.ear.soundSince, step)
	case WaitForSilence:
		return c.await(ctx, c.ear.silentSince, step)
	}
	if err != nil {
		return err
	}
	var until <-chan time.Time
	if step.Verb == Listen && step.For > 0 {
		timer := time.NewTimer(step.For)
		defer timer.Stop()
		until = timer.C
	}
	select {
	case <-done:
	case <-until:
	case <-c.over:
		return ErrOver
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// WaitForSound waits until the far side has sounded for so long; WaitForSilence
// until it has been silent. Both give up with ctx.
func (c *Conversation) WaitForSound(ctx context.Context, span time.Duration) error {
	return c.await(ctx, c.ear.soundSince, Step{Verb: WaitForSound, For: span})
}

// WaitForSilence waits until the far side has been silent for so long.
func (c *Conversation) WaitForSilence(ctx context.Context, span time.Duration) error {
	return c.await(ctx, c.ear.silentSince, Step{Verb: WaitForSilence, For: span})
}

func (c *Conversation) await(ctx context.Context, met func(from time.Time, span time.Duration, now time.Time) bool, step Step) error {
	from := time.Now()
	deadline := from.Add(max(c.options.StepTime, 2*step.For))
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			if met(from, step.For, now) {
				return nil
			}
			if now.After(deadline) {
				return fmt.Errorf("in vain for %s", seconds(now.Sub(from)))
			}
		case <-c.over:
			return ErrOver
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
