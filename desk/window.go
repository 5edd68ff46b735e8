package desk

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"careline/call"
)

const (
	maxMessage = 4 << 10
	maxPage    = 64 // bytes of a page's name
	// writeTime cuts a page that doesn't take its state.
	writeTime = 5 * time.Second
	// beat is how often an open window is looked at without a change: how the talk
	// sounds, its session's busyness, a name whose audit failed.
	beat = 2 * time.Second
	// pingEvery and pongTime find a page that vanished without a word.
	pingEvery   = 10 * time.Second
	pongTime    = 10 * time.Second
	commandTime = 5 * time.Second
	// Messages per second of one window; beyond, they are refused.
	commandRate  = 20
	commandBurst = 40
	// maxReplies wait to be written; a page that doesn't take them is cut.
	maxReplies = 32
)

// Close codes of the socket (4000-4999 are ours, RFC 6455 §7.4.2).
const (
	closeDisplaced websocket.StatusCode = 4001
	closeSignedOut websocket.StatusCode = 4002
	closeIdle      websocket.StatusCode = 4003
	closeNoAgent   websocket.StatusCode = 4004
)

var (
	errClosing   = errors.New("desk: closing")
	errDisplaced = errors.New("desk: displaced by a newer window")
	errSession   = errors.New("desk: the session ended")
	errTooFast   = errors.New("desk: too many commands")
	// errNotSupervisor is told to who asks for what supervisors alone may do.
	errNotSupervisor = errors.New("desk: only supervisors may do this")
	errSlow          = errors.New("desk: the page doesn't take its messages")
)

// window is one open page's socket.
type window struct {
	desk     *Desk
	session  *session
	page     string // names the loaded page, as it chose
	conn     *websocket.Conn
	presence *presence
	log      *zap.Logger
	// poked has room for one: changes that come while one is pending are the same change.
	poked     chan struct{}
	displaced chan struct{}
	replies   chan push
}

func (w *window) poke() {
	select {
	case w.poked <- struct{}{}:
	default:
	}
}

// displace is called once, by presences, when a newer window has come.
func (w *window) displace() { close(w.displaced) }

// socket serves GET /api/socket?page=…&take=1. page is a random name that the
// page gives itself when it is loaded; take=1 says that a person wants the
// agent's calls in this window.
func (d *Desk) socket(out http.ResponseWriter, r *http.Request, s *session) {
	asked := r.URL.Query()
	page := asked.Get("page")
	if page == "" || len(page) > maxPage {
		answerTrouble(out, http.StatusBadRequest, "bad_request", "The page is of another version. Load it again.")
		return
	}
	conn, err := websocket.Accept(out, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true, // the guard has checked Origin already
		CompressionMode:    websocket.CompressionDisabled,
	})
	if err != nil {
		return // Accept has answered
	}
	defer conn.CloseNow()
	conn.SetReadLimit(maxMessage)
	w := &window{
		desk: d, session: s, page: page, conn: conn,
		log:       d.log.With(zap.String("agent", string(s.user.Agent))),
		poked:     make(chan struct{}, 1),
		displaced: make(chan struct{}),
		replies:   make(chan push, maxReplies),
	}
	take := asked.Get("take") == "1"
	if take { // a page that reconnects by itself isn't a person at work
		d.sessions.touch(s)
	}
	w.presence, err = d.presences.attach(w, take)
	if err != nil {
		code, reason := w.closing(err)
		w.log.Warn("window refused", zap.Error(err))
		conn.Close(code, reason)
		return
	}
	w.log.Info("window opened")
	err = w.run(d.life)
	d.sessions.setBusy(s, false)
	d.presences.detach(w.presence, w)
	w.log.Info("window closed", zap.NamedError("why", err))
}

// run reads, writes and pings until one of them ends; then it says good-bye.
// Reading and writing don't take the group's context: the library cuts the
// connection when theirs ends, and the page would not learn why.
func (w *window) run(life context.Context) error {
	group, ctx := errgroup.WithContext(life)
	group.Go(func() error { return w.read(ctx) })
	group.Go(func() error { return w.write(ctx) })
	group.Go(func() error { return w.ping(ctx) })
	group.Go(func() error { return w.watch(ctx) })
	group.Go(func() error {
		<-ctx.Done()
		err := context.Cause(ctx)
		if errors.Is(err, errSlow) || errors.Is(err, context.DeadlineExceeded) {
			w.conn.CloseNow() // it takes nothing: a good-bye would only wait too
			return err
		}
		code, reason := w.closing(err)
		w.conn.Close(code, reason)
		return err
	})
	return group.Wait()
}

// closing puts the end of a window into a close code for the page.
func (w *window) closing(err error) (websocket.StatusCode, string) {
	switch {
	case errors.Is(err, errDisplaced), errors.Is(err, call.ErrDisplaced):
		return closeDisplaced, "signed in at another window"
	case errors.Is(err, errSession) && w.desk.sessions.reasonOf(w.session) == endIdle:
		return closeIdle, "signed out for inactivity"
	case errors.Is(err, errSession):
		return closeSignedOut, "signed out"
	case errors.Is(err, call.ErrUnknownAgent):
		return closeNoAgent, "no such agent"
	case errors.Is(err, errClosing), errors.Is(err, context.Canceled):
		return websocket.StatusGoingAway, "the server is shutting down"
	}
	return websocket.StatusInternalError, "try again"
}

// watch ends the window with its session or when a newer window comes.
func (w *window) watch(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-w.displaced:
		return errDisplaced
	case <-w.session.over:
		return errSession
	}
}

// write sends the first state, then a state per change, and the replies.
func (w *window) write(ctx context.Context) error {
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	var last []byte
	var err error
	for {
		if last, err = w.pushState(last); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-w.poked:
		case <-ticker.C:
		case reply := <-w.replies:
			if err := w.send(reply); err != nil {
				return err
			}
		}
	}
}

// pushState sends the state if it differs from the last one sent.
func (w *window) pushState(last []byte) ([]byte, error) {
	view, err := w.desk.center.View(w.session.user.Agent)
	if err != nil {
		return last, err
	}
	w.desk.sessions.setBusy(w.session, inCall(view.State) || view.Supervision != nil)
	state := w.desk.screenOf(w.presence, w.session.user, view)
	state.SignOutAt, state.SignOutFor = w.desk.sessions.deadline(w.session)
	state.SignOutAt = state.SignOutAt.UTC()
	compared, err := json.Marshal(state)
	if err != nil {
		return last, err
	}
	if string(compared) == string(last) {
		return last, nil
	}
	state.Now = w.desk.options.Now().UTC()
	return compared, w.send(push{Kind: "state", State: &state})
}

func (w *window) send(p push) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeTime)
	defer cancel()
	if err := w.conn.Write(ctx, websocket.MessageText, text); err != nil {
		if ctx.Err() != nil {
			return errSlow
		}
		return err
	}
	return nil
}

// ping finds out that the page is gone.
func (w *window) ping(ctx context.Context) error {
	ticker := time.NewTicker(pingEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		waiting, cancel := context.WithTimeout(context.Background(), pongTime)
		err := w.conn.Ping(waiting)
		cancel()
		if err != nil {
			if waiting.Err() == context.DeadlineExceeded {
				return errSlow
			}
			return err
		}
	}
}

// read does what the page asks, one thing after another.
func (w *window) read(ctx context.Context) error {
	limit := rate.NewLimiter(commandRate, commandBurst)
	for {
		kind, text, err := w.conn.Read(context.Background())
		if err != nil {
			return err
		}
		var m message
		if kind != websocket.MessageText || json.Unmarshal(text, &m) != nil {
			w.conn.Close(websocket.StatusUnsupportedData, "not a command")
			return errors.New("desk: not a command")
		}
		err = errTooFast
		if limit.Allow() {
			err = w.take(ctx, m)
		}
		if m.Kind == activity {
			continue // nothing waits for it
		}
		if err := w.reply(m.ID, err); err != nil {
			return err
		}
	}
}

// take does one message. Only what a person did keeps the session.
func (w *window) take(ctx context.Context, m message) error {
	if m.Kind == alive {
		return nil
	}
	w.desk.sessions.touch(w.session)
	if m.Kind == activity {
		w.poke() // the page learns the new time of signing out
		return nil
	}
	if m.Kind == supervise {
		return w.supervise(ctx, m)
	}
	return w.do(ctx, m)
}

func (w *window) reply(id int64, err error) error {
	select {
	case w.replies <- push{Kind: "reply", ID: id, Error: troubleOf(err)}:
		return nil
	default:
		return errSlow
	}
}

func (w *window) do(ctx context.Context, m message) error {
	command, err := m.command()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	err = w.desk.center.Do(ctx, w.session.user.Agent, command)
	if err != nil {
		w.log.Warn("command refused", zap.String("kind", string(m.Kind)), zap.Error(err))
	}
	return err
}
