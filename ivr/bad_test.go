package ivr_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"careline/ivr"
)

var updateBad = flag.Bool("update-bad", false, "write what is said of testdata/flows/bad")

// TestBadFlowsAreRefused loads each folder of testdata/flows/bad by itself: flows
// with one mistake, and in want.txt what an admin reads about it.
func TestBadFlowsAreRefused(t *testing.T) {
	folders, err := filepath.Glob("../testdata/flows/bad/*")
	if err != nil || len(folders) < 30 {
		t.Fatalf("%d flows: %v", len(folders), err)
	}
	environment := smallEnvironment("")
	environment.Facts["id"] = ivr.FactDigits
	environment.PersonWithin = ivr.DefaultPersonWithin
	environment.LongestSilence, environment.LongestAnswer = ivr.DefaultLongestSilence, time.Minute
	environment.LookUps = map[string]ivr.LookUp{
		"copay": {Takes: map[string]ivr.Taking{"claim": ivr.TakesKeyed}, Gives: map[string]string{"copay": "money"}},
		"hours": {Takes: map[string]ivr.Taking{}, Gives: map[string]string{"until": "text"}, Public: true, Time: 15 * time.Second},
		"visit": {Takes: map[string]ivr.Taking{"member": ivr.TakesMember}, Gives: map[string]string{"clinic": "text"}},
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			set, err := ivr.Load(os.DirFS(filepath.Dir(folder)), filepath.Base(folder), environment)
			if err == nil && set.Clinical("t") { // as of a line that calls begin in
				err = set.CheckNotice("t", ivr.EmergencyNotice)
			}
			if err == nil {
				t.Fatal("the flows are taken as sound")
			}
			golden, got := filepath.Join(folder, "want.txt"), err.Error()+"\n"
			if *updateBad {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || string(want) != got {
				t.Errorf("read\n%swant\n%s%v", got, want, err)
			}
		})
	}
}
