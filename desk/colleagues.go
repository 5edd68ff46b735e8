package desk

import "net/http"

// colleague is whom an agent may hand a caller to.
type colleague struct {
	User      string `json:"user"`
	Name      string `json:"name"`
	Extension string `json:"extension,omitempty"`
}

// colleagues serves GET /api/colleagues: the page asks when a transfer is begun.
func (d *Desk) colleagues(w http.ResponseWriter, _ *http.Request, s *session) {
	var body struct {
		Colleagues []colleague `json:"colleagues"`
		// Queues are those whose agents can be asked about the caller.
		Queues []string `json:"queues"`
	}
	body.Colleagues, body.Queues = []colleague{}, orEmpty(d.center.Queues())
	for _, one := range d.center.Colleagues(s.user.Agent) {
		body.Colleagues = append(body.Colleagues, colleague{string(one.Agent), one.Name, one.Extension})
	}
	answer(w, http.StatusOK, body)
}
