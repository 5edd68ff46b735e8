package srtp

import "testing"

func TestPoliciesAreReadByTheirNames(t *testing.T) {
	for _, policy := range Policies() {
		if read, known := Parse(policy.String()); read != policy || !known {
			t.Errorf("%s is read as %s", policy, read)
		}
		if policy.Or(Required) != policy || Unset.Or(policy) != policy {
			t.Errorf("%s gives way", policy)
		}
	}
	for _, name := range []string{"", "unset", "on", "Required"} {
		if _, known := Parse(name); known {
			t.Errorf("%q is taken for a policy", name)
		}
	}
}
