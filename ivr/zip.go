package ivr

import (
	"slices"
	"sort"

	"careline/phi"
)

// zipRange gives the state of the three-digit ZIP prefixes from first to last.
type zipRange struct {
	first, last int
	state       string
}

// zipRanges are the U.S. Postal Service's three-digit prefixes, sorted. A few
// ZIP codes near a border serve addresses of two states; a flow that must be
// sure there asks for the state by a menu. Military and territory prefixes are
// left out: the states are those of nurses' licenses (DOMAIN.md §5).
func zipRanges() []zipRange {
	return []zipRange{
		{5, 5, "NY"}, {10, 27, "MA"}, {28, 29, "RI"}, {30, 38, "NH"}, {39, 49, "ME"}, {50, 54, "VT"}, {55, 55, "MA"}, {56, 59, "VT"},
		{60, 69, "CT"}, {70, 89, "NJ"}, {100, 149, "NY"}, {150, 196, "PA"}, {197, 199, "DE"}, {200, 200, "DC"}, {201, 201, "VA"},
		{202, 205, "DC"}, {206, 219, "MD"}, {220, 246, "VA"}, {247, 268, "WV"}, {270, 289, "NC"}, {290, 299, "SC"}, {300, 319, "GA"},
		{320, 339, "FL"}, {341, 342, "FL"}, {344, 344, "FL"}, {346, 347, "FL"}, {349, 349, "FL"}, {350, 369, "AL"}, {370, 385, "TN"},
		{386, 397, "MS"}, {398, 399, "GA"}, {400, 427, "KY"}, {430, 459, "OH"}, {460, 479, "IN"}, {480, 499, "MI"}, {500, 528, "IA"},
		{530, 549, "WI"}, {550, 567, "MN"}, {569, 569, "DC"}, {570, 577, "SD"}, {580, 588, "ND"}, {590, 599, "MT"}, {600, 629, "IL"},
		{630, 658, "MO"}, {660, 679, "KS"}, {680, 693, "NE"}, {700, 714, "LA"}, {716, 729, "AR"}, {730, 732, "OK"}, {733, 733, "TX"},
		{734, 749, "OK"}, {750, 799, "TX"}, {800, 816, "CO"}, {820, 831, "WY"}, {832, 838, "ID"}, {840, 847, "UT"}, {850, 865, "AZ"},
		{870, 884, "NM"}, {885, 885, "TX"}, {889, 898, "NV"}, {900, 961, "CA"}, {967, 968, "HI"}, {970, 979, "OR"}, {980, 994, "WA"},
		{995, 999, "AK"},
	}
}

// stateOf gives the state of a five-digit ZIP code, or "".
func stateOf(zip phi.Digits) string { return stateOfText(keys(zip)) }

func stateOfText(text string) string {
	if len(text) != 5 {
		return ""
	}
	prefix := 0
	for _, key := range []byte(text[:3]) {
		if key < '0' || key > '9' {
			return ""
		}
		prefix = prefix*10 + int(key-'0')
	}
	ranges := zipRanges()
	i := sort.Search(len(ranges), func(i int) bool { return ranges[i].last >= prefix })
	if i < len(ranges) && ranges[i].first <= prefix {
		return ranges[i].state
	}
	return ""
}

// allStates lists the states that some ZIP code belongs to: fifty and DC.
func allStates() []string {
	var states []string
	for _, r := range zipRanges() {
		states = append(states, r.state)
	}
	slices.Sort(states)
	return slices.Compact(states)
}

// knowsState reports whether a call may be in a state.
func (s *Set) knowsState(state string) bool {
	return state != "" && slices.Contains(s.environment.States, state)
}
