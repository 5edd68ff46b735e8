package guard

import "time"

// The rates of one source.
const (
	messages = iota // of any kind
	floods          // INVITEs that are read
	setUps          // INVITEs that are not answered with 503
	rates
)

// account is what is known of one source. Times are counted from the guard's
// start.
type account struct {
	key     key
	used    bool
	seen    time.Duration  // up to then the rest holds
	spent   [rates]float64 // of each rate's allowance of a second
	points  float64        // offences that aren't forgotten, in wrong passwords
	times   int            // bans that aren't forgotten
	until   time.Duration  // of the ban; 0 for none
	pardon  time.Duration  // when the next of times is forgotten
	because Offence        // what the ban is for
}

// law is what accounts are kept by.
type law struct {
	rates       [rates]float64 // a second
	banAfter    float64
	leak        float64 // points forgotten a second
	ban, most   time.Duration
	forget      time.Duration
	neverLonger bool // bans stay as long as the first
}

// settle brings an account up to now.
func (a *account) settle(now time.Duration, by *law) {
	passed := (now - a.seen).Seconds()
	if passed <= 0 {
		return
	}
	a.seen = now
	for i := range a.spent {
		a.spent[i] = max(0, a.spent[i]-passed*by.rates[i])
	}
	a.points = max(0, a.points-passed*by.leak)
	if a.until > 0 && now >= a.until {
		a.until = 0
	}
	for a.times > 0 && a.until == 0 && now >= a.pardon {
		a.times--
		a.pardon += by.forget
	}
}

// take takes one message from an allowance.
func (a *account) take(which int, by *law) bool {
	if a.spent[which]+1 > by.rates[which] {
		return false
	}
	a.spent[which]++
	return true
}

func (a *account) banned() bool { return a.until > 0 }

// blank reports whether forgetting the account would change nothing.
func (a *account) blank() bool {
	return !a.used || a.points == 0 && a.times == 0 && a.until == 0 && a.spent == [rates]float64{}
}

// offend adds an offence; true if it got the source banned.
func (a *account) offend(now time.Duration, offence Offence, by *law) bool {
	if a.banned() {
		return false
	}
	a.points += offence.weight()
	if a.points < by.banAfter {
		return false
	}
	length := by.ban
	for range a.times {
		if length >= by.most || by.neverLonger {
			break
		}
		length *= 2
	}
	a.points, a.until, a.because = 0, now+min(length, by.most), offence
	a.times, a.pardon = a.times+1, a.until+by.forget
	return true
}
