package config

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"careline/ledger/recording"
)

// recordingsKeys is where recordings are, and how long they are kept.
type recordingsKeys struct {
	Path        string             `yaml:"path" help:"The folder of the sealed recordings. Relative to the working directory. Empty: recordings in the ledger's folder."`
	KeyFile     string             `yaml:"key_file" help:"The master key: 32 bytes in hex, made at the first start. Without it no recording can be heard; keep a copy elsewhere than the recordings'. Relative to the working directory. Empty: recordings.key in the ledger's folder."`
	OldKeyFiles []string           `yaml:"old_key_files" help:"Master keys of before, which still open what was recorded under them until careline recording rekey has sealed it anew."`
	Keep        map[string]keepFor `yaml:"keep" help:"Retention classes by name, each with how long it is kept, as 10y, 90d or 12h; lines and steps name them. default is 10y unless it stands here (42 CFR 422.504(d), 423.505(d))."`
	MinFree     megabytes          `yaml:"min_free" help:"Room that stays on the disk, as 512MB: with less, no recording begins; calls go on, are counted (careline_calls_unrecorded_total) and logged."`
}

func recordingsDefaults() recordingsKeys {
	return recordingsKeys{MinFree: megabytes{recording.DefaultMinFree}}
}

// keepFor is a time of retention: years have 366 days, so that none is too short.
type keepFor struct{ time.Duration }

var keepText = regexp.MustCompile(`^([1-9][0-9]{0,3})([yhd])$`)

func (k *keepFor) UnmarshalText(text []byte) error {
	parts := keepText.FindStringSubmatch(string(text))
	if parts == nil {
		return fmt.Errorf("%q is no time to keep something; write it in years, days or hours, as 10y, 90d or 12h", text)
	}
	number, _ := strconv.Atoi(parts[1]) // four digits at most
	unit := map[string]time.Duration{"y": 366 * 24 * time.Hour, "d": 24 * time.Hour, "h": time.Hour}[parts[2]]
	if k.Duration = time.Duration(number) * unit; k.Duration > 100*366*24*time.Hour {
		return fmt.Errorf("%q is longer than 100 years; write less", text)
	}
	return nil
}

// megabytes is room on a disk, in bytes.
type megabytes struct{ bytes int64 }

var megabytesText = regexp.MustCompile(`^([1-9][0-9]{0,6})MB$`)

func (m *megabytes) UnmarshalText(text []byte) error {
	parts := megabytesText.FindStringSubmatch(string(text))
	if parts == nil {
		return fmt.Errorf("%q is no room on a disk; write it as 512MB", text)
	}
	number, _ := strconv.ParseInt(parts[1], 10, 64) // seven digits at most
	m.bytes = number << 20
	return nil
}

func (m megabytes) String() string { return strconv.FormatInt(m.bytes>>20, 10) + "MB" }
