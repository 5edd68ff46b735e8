package ivr

import "slices"

// Role is who a verified caller is to the member.
type Role string

// The roles, as flows name them (DOMAIN.md §4).
const (
	// RoleMember is the member herself.
	RoleMember Role = "member"
	// RoleRepresentative speaks for the member (45 CFR 164.502(g)).
	RoleRepresentative Role = "representative"
	// RoleProvider is of an office that treats the member.
	RoleProvider Role = "provider"
)

func roleNames() []string {
	return []string{string(RoleMember), string(RoleRepresentative), string(RoleProvider)}
}

// LookUpPrefix begins the name of a look-up among what a role may be told.
const LookUpPrefix = "look_up."

// The facts of a way that say as whom the caller was verified.
const factRoles = factIsMember | factIsRepresentative | factIsProvider

// fact is what is known where somebody was verified in a role.
func (r Role) fact() facts {
	switch r {
	case RoleMember:
		return factVerified | factIsMember
	case RoleRepresentative:
		return factVerified | factIsRepresentative
	case RoleProvider:
		return factVerified | factIsProvider
	}
	return 0
}

// possible: nobody is verified in two roles at once.
func (f facts) possible() bool {
	roles := f & factRoles
	return roles&(roles-1) == 0
}

// mayNot reports whether, by what is known on a way, the caller is in a role that is
// not told a fact, or what a look-up finds. What a representative may be told is known
// of each alone, by the record, which keeps the rest.
func (e *Environment) mayNot(known facts, name string) bool {
	return known&factIsProvider != 0 && !slices.Contains(e.ProviderMay, name)
}

// told reports whether this call's caller may be told a fact, as far as the role says.
func (r *Run) told(name string) bool { return !r.set.environment.mayNot(r.role.fact(), name) }

// Role is who the verified caller is to the member; empty for who isn't verified.
func (r *Run) Role() Role { return r.role }

// unverify takes back what an earlier verification allowed, and what was kept by it:
// the next one may be of somebody else.
func (r *Run) unverify() {
	if !r.verified {
		return
	}
	r.verified, r.role = false, ""
	r.forgetMember()
	for _, call := range r.calls {
		call.forgetMember()
	}
}

// forgetMember forgets what is a member's.
func (s scope) forgetMember() {
	for name, held := range s.guarded {
		if held.label&labelMember != 0 {
			s.forget(name)
		}
	}
}
