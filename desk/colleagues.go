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
	body := map[string][]colleague{"colleagues": {}}
	for _, one := range d.center.Colleagues(s.user.Agent) {
		body["colleagues"] = append(body["colleagues"], colleague{string(one.Agent), one.Name, one.Extension})
	}
	answer(w, http.StatusOK, body)
}
