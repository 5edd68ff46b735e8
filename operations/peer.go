package operations

import (
	"os/user"
	"strconv"
)

// userName is a user's name, or the number where the system knows no name.
func userName(uid int) string {
	number := strconv.Itoa(uid)
	known, err := user.LookupId(number)
	if err != nil {
		return number
	}
	return known.Username
}
