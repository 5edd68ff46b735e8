package desk

import (
	"context"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"go.uber.org/zap"

	"careline/acd"
	"careline/call"
	"careline/ledger"
)

const (
	// hashWait bounds the wait for one of maxHashing places.
	hashWait  = 5 * time.Second
	mediaTime = 10 * time.Second
	// Offers of media per second of one session: each costs a peer connection.
	offerRate  = 1
	offerBurst = 10
	wrongText  = "User name and password don't match."
)

type credentials struct {
	User     string `json:"user"`
	Password string `json:"password"`
}

type identity struct {
	User  string `json:"user"`
	Agent string `json:"agent"`
}

type demoSignIns struct {
	Users    []string `json:"users"`
	Password string   `json:"password,omitempty"`
}

// welcome is what the sign-in page needs before anybody is known.
func (d *Desk) welcome(w http.ResponseWriter, _ *http.Request) {
	var body struct {
		Demo     *demoSignIns `json:"demo,omitempty"`
		Draining bool         `json:"draining"`
	}
	body.Draining = d.draining.Load()
	if d.options.Demo {
		body.Demo = &demoSignIns{Password: d.options.DemoPassword, Users: make([]string, 0, len(d.users))}
		for _, user := range d.options.Users {
			body.Demo.Users = append(body.Demo.Users, user.Name)
		}
		slices.Sort(body.Demo.Users)
	}
	answer(w, http.StatusOK, body)
}

// signIn serves POST /api/sign-in. One answer for an unknown user and a wrong
// password, in the same time.
func (d *Desk) signIn(w http.ResponseWriter, r *http.Request) {
	var given credentials
	if !readBody(w, r, maxSignIn, &given) {
		return
	}
	if d.draining.Load() {
		answerTrouble(w, http.StatusServiceUnavailable, "draining", "The server is shutting down. Sign in again when it is back.")
		return
	}
	from := d.source(r)
	if wait := d.attempts.take(tag(given.User), from); wait > 0 {
		seconds := int(math.Ceil(wait.Seconds()))
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		d.heldBack.Do(func() {
			d.log.Warn("sign-ins held back", zap.String("source", from), zap.Int("seconds", seconds))
		})
		answerTrouble(w, http.StatusTooManyRequests, "too_many", "Too many attempts. Try again in "+strconv.Itoa(seconds)+" seconds.")
		return
	}
	user, right, ok := d.check(r.Context(), given)
	if !ok {
		d.attempts.undo(tag(given.User), from)
		w.Header().Set("Retry-After", "5")
		answerTrouble(w, http.StatusServiceUnavailable, "busy", "Many people are signing in. Try again in a few seconds.")
		return
	}
	if !right {
		d.auditSignIn(r.Context(), user, "refused")
		d.log.Warn("sign-in refused", zap.String("source", from))
		answerTrouble(w, http.StatusUnauthorized, "wrong", wrongText)
		return
	}
	d.attempts.forgive(tag(given.User), from)
	if !d.endBrowsersSession(w, r) {
		return
	}
	if err := d.auditSignIn(r.Context(), user, "ok"); err != nil {
		answerTrouble(w, http.StatusServiceUnavailable, "unrecorded", "The sign-in can't be recorded, so it can't go on. Tell your administrator.")
		return
	}
	token, older, err := d.sessions.begin(user)
	if err != nil {
		d.log.Error("session not begun", zap.Error(err))
		answerTrouble(w, http.StatusInternalServerError, "failed", "Signing in failed. Try again.")
		return
	}
	if older != nil {
		d.endSession(older, endSuperseded)
	}
	d.setCookie(w, token, int(d.options.SessionLife.Seconds()))
	d.log.Info("signed in", zap.String("user", user.Name))
	answer(w, http.StatusOK, identity{user.Name, string(user.Agent)})
}

// endBrowsersSession ends the session that this browser had: two people, or one
// twice, behind one cookie would mix up their sound and their calls. It has
// answered if ok is false.
func (d *Desk) endBrowsersSession(w http.ResponseWriter, r *http.Request) (ok bool) {
	older := d.sessionOf(r)
	if older == nil {
		return true
	}
	if d.onCall(older) {
		refuse(w, call.ErrInCall)
		return false
	}
	d.endSession(older, endSuperseded)
	return true
}

// onCall reports whether a caller would be left alone without this session.
func (d *Desk) onCall(s *session) bool {
	view, err := d.center.View(s.user.Agent)
	return err == nil && view.State != acd.WrapUp && inCall(view.State) && d.presences.shownBy(s)
}

func refuse(w http.ResponseWriter, err error) {
	problem := troubleOf(err)
	answerTrouble(w, http.StatusConflict, problem.Code, problem.Text)
}

// check compares the password with the user's hash, or with a decoy's. ok is
// false when there was no place to compute it.
func (d *Desk) check(ctx context.Context, given credentials) (user User, right, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, hashWait)
	defer cancel()
	select {
	case d.hashing <- struct{}{}:
		defer func() { <-d.hashing }()
	case <-ctx.Done():
		return User{}, false, false
	}
	user, known := d.users[given.User]
	hash := d.decoyHash
	if known {
		hash = user.PasswordHash
	}
	right, err := VerifyPassword(hash, given.Password)
	if err != nil {
		d.log.Error("password hash unusable", zap.String("user", user.Name), zap.Error(err))
	}
	return user, right && known && err == nil, true
}

// auditSignIn writes an attempt down. An unknown user's name isn't written: it
// may be a password.
func (d *Desk) auditSignIn(ctx context.Context, user User, outcome string) error {
	who := "unknown"
	if user.Name != "" {
		who = actor(user.Agent)
	}
	ctx, cancel := context.WithTimeout(ctx, auditTime)
	defer cancel()
	_, err := d.records.Append(ctx, ledger.AuditEntry{Kind: ledger.AuditSignIn, Actor: who, Outcome: outcome})
	if err != nil {
		d.log.Error("sign-in not audited", zap.Error(err))
	}
	return err
}

// signOut serves POST /api/sign-out. A caller is not left alone by it.
func (d *Desk) signOut(w http.ResponseWriter, _ *http.Request, s *session) {
	if d.onCall(s) {
		refuse(w, call.ErrInCall)
		return
	}
	d.setCookie(w, "", -1)
	d.endSession(s, endSignedOut)
	w.WriteHeader(http.StatusNoContent)
}

// me serves GET /api/me: a page that loads asks who it is.
func (d *Desk) me(w http.ResponseWriter, _ *http.Request, s *session) {
	answer(w, http.StatusOK, identity{s.user.Name, string(s.user.Agent)})
}

// media serves POST /api/media: the browser's offer, our answer.
func (d *Desk) media(w http.ResponseWriter, r *http.Request, s *session) {
	var body struct {
		SDP string `json:"sdp"`
	}
	if !readBody(w, r, maxSDP, &body) {
		return
	}
	if !s.offers.Allow() {
		problem := troubleOf(errTooFast)
		answerTrouble(w, http.StatusTooManyRequests, problem.Code, problem.Text)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), mediaTime)
	defer cancel()
	sdp, err := d.center.OfferMedia(ctx, s.user.Agent, body.SDP)
	if err != nil {
		d.log.Warn("media refused", zap.String("agent", string(s.user.Agent)), zap.Error(err))
		problem := troubleOf(err)
		answerTrouble(w, http.StatusBadGateway, problem.Code, problem.Text)
		return
	}
	body.SDP = sdp
	answer(w, http.StatusOK, body)
}
