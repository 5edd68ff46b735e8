package call

import (
	"errors"
	"maps"
	"slices"

	"go.uber.org/zap"

	"careline/acd"
	"careline/ivr"
	"careline/lookup"
	"careline/media"
)

// Script is what may change while calls are up: the flows, what they play and what
// they look up.
type Script struct {
	Flows *ivr.Set
	// Prompts by language and name; Music by name.
	Prompts map[ivr.Prompt]*media.Clip
	Music   map[string]*media.Clip
	// LookUps that the flows may make, by name.
	LookUps map[string]*lookup.Definition
	// Boxes that messages are left in, by name.
	Boxes map[string]Box
	// Outside is whom they may call.
	Outside Outside
}

// Publish makes calls that come from now on run on a script. Those that are up
// keep the one that they began with (contract 7), also where an agent hands the
// caller back to a flow. A script without the flow of some line is refused, and the
// old one goes on.
func (c *Center) Publish(script Script) error {
	if err := c.Accepts(script); err != nil {
		return err
	}
	for {
		old := c.content.Load()
		content := *old
		content.Flows, content.Prompts, content.Music, content.LookUps, content.Boxes, content.Outside = script.Flows, script.Prompts, script.Music, script.LookUps, script.Boxes, script.Outside
		if c.content.CompareAndSwap(old, &content) {
			c.log.Info("flows published", zap.String("version", script.Flows.Version()), zap.String("before", old.Flows.Version()))
			return nil
		}
	}
}

// Accepts says why Publish would refuse a script; nil if it wouldn't.
func (c *Center) Accepts(script Script) error {
	if script.Flows == nil {
		return errors.New("call: a script has flows")
	}
	for number, line := range c.content.Load().Lines {
		if !script.Flows.Has(line.Flow) {
			return errors.New("call: the script lacks flow " + line.Flow + ", where calls to " + number + " begin")
		}
	}
	return nil
}

// FlowVersion is the version of the flows that calls begin with now.
func (c *Center) FlowVersion() string { return c.content.Load().Flows.Version() }

// BoxesOf are the boxes whose messages an agent hears: those of queues that the agent serves.
func (c *Center) BoxesOf(agent acd.AgentID) []string {
	content := c.content.Load()
	at := slices.IndexFunc(content.Rules.Agents, func(a acd.Agent) bool { return a.ID == agent })
	if at < 0 {
		return nil
	}
	var boxes []string
	for _, name := range slices.Sorted(maps.Keys(content.Boxes)) {
		if slices.Contains(content.Rules.Agents[at].Queues, content.Boxes[name].Queue) {
			boxes = append(boxes, name)
		}
	}
	return boxes
}
