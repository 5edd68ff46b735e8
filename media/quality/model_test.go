package quality

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Annex B of ITU-T G.107 gives the pairs.
func TestScoreOfRating(t *testing.T) {
	for rating, want := range map[float64]float64{
		-5: 1, 0: 1, 50: 2.58, 60: 3.10, 70: 3.60, 80: 4.02, 90: 4.34, 93.2: 4.41, 100: 4.5, 120: 4.5,
	} {
		if got := MOS(rating); math.Abs(got-want) > 0.006 {
			t.Errorf("R %v is MOS %.3f, want %.2f", rating, got, want)
		}
	}
}

func TestRatings(t *testing.T) {
	ms := time.Millisecond
	for _, test := range []struct {
		name  string
		codec Codec
		path  Path
		want  float64
		off   float64
	}{
		{"without any fault (G.107 table 2)", G711, Path{}, 93.2, 0.05},
		// ITU-T G.114 figure 1: 100, 150, 200, 300, 400 ms from mouth to ear.
		{"100 ms", G711, Path{Delay: 100 * ms}, 90.7, 1},
		{"150 ms", G711, Path{Delay: 150 * ms}, 89.5, 1},
		{"200 ms", G711, Path{Delay: 200 * ms}, 86.5, 1.5},
		{"300 ms", G711, Path{Delay: 300 * ms}, 73, 2},
		{"400 ms", G711, Path{Delay: 400 * ms}, 61, 3},
		// Ie,eff = 95·Ppl/(Ppl+Bpl): 1 % with and without concealment.
		{"1 % loss, concealed", G711, Path{Loss: 0.01, Bursts: 1}, 93.2 - 95/26.1, 0.05},
		{"1 % loss, plain", G711Plain, Path{Loss: 0.01, Bursts: 1}, 93.2 - 95/5.3, 0.05},
		{"5 % loss, concealed", G711, Path{Loss: 0.05, Bursts: 1}, 93.2 - 95*5/30.1, 0.05},
		{"5 % in bursts", G711, Path{Loss: 0.05, Bursts: 2}, 93.2 - 95*5/27.6, 0.05},
		{"5 % in bursts beyond the model", G711, Path{Loss: 0.05, Bursts: 9}, 93.2 - 95*5/27.6, 0.05},
		{"all is lost", G711, Path{Loss: 1, Bursts: 1}, 93.2 - 95*100/125.1, 0.1},
		{"G.722", G722, Path{}, (129 - 13) / 1.29, 0.2},
	} {
		if got := Rating(test.codec, test.path); math.Abs(got-test.want) > test.off {
			t.Errorf("%s: R is %.2f, want %.2f", test.name, got, test.want)
		}
	}
}

func TestMoreOfAFaultNeverSoundsBetter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		codec := Codec(rapid.IntRange(0, int(L16)).Draw(t, "codec"))
		path := Path{
			Loss: rapid.Float64Range(0, 0.019).Draw(t, "loss"), Bursts: rapid.Float64Range(0, 5).Draw(t, "bursts"),
			Delay: time.Duration(rapid.IntRange(0, 2000).Draw(t, "delay")) * time.Millisecond,
		}
		worse := path
		switch rapid.IntRange(0, 2).Draw(t, "fault") {
		case 0:
			worse.Loss = rapid.Float64Range(path.Loss, 0.02).Draw(t, "more loss")
		case 1:
			worse.Bursts += rapid.Float64Range(0, 5).Draw(t, "more bursts")
		default:
			worse.Delay += time.Duration(rapid.IntRange(0, 2000).Draw(t, "more delay")) * time.Millisecond
		}
		before, after := MOS(Rating(codec, path)), MOS(Rating(codec, worse))
		if after > before+1e-9 || after < 1 || before > 4.5 {
			t.Fatalf("%+v is %.4f, and %+v %.4f", path, before, worse, after)
		}
	})
}

func TestGrades(t *testing.T) {
	for rating, want := range map[float64]string{93.2: "good", 80: "good", 79: "fair", 60.1: "fair", 59: "bad", 0: "bad"} {
		if got := GradeOf(MOS(rating)).String(); got != want {
			t.Errorf("R %v is %s, want %s", rating, got, want)
		}
	}
	if GradeOf(0) != Unknown || Unknown.String() != "" {
		t.Error("nothing measured has a grade")
	}
}

func TestDelay(t *testing.T) {
	ms := time.Millisecond
	for _, test := range []struct {
		codec             Codec
		roundTrip, jitter time.Duration
		want              time.Duration
	}{
		{G711, 0, 0, 60 * ms},
		{G711, 100 * ms, 30 * ms, 130 * ms},
		{G711, 100 * ms, 500 * ms, 190 * ms},
		{Opus, 0, 0, 66*ms + 500*time.Microsecond},
	} {
		if got := test.codec.Delay(test.roundTrip, test.jitter); got != test.want {
			t.Errorf("%v with %v and %v: %v, want %v", test.codec, test.roundTrip, test.jitter, got, test.want)
		}
	}
}
