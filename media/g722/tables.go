package g722

// The tables of the recommendation. They are never written.
var (
	// qmf are the coefficients of the quadrature mirror filters: the even ones, the
	// odd ones are the same backwards (table 11).
	qmf = [12]int32{3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11}

	// inverseLogs are powers of two in 32 steps (table 19, ILB).
	inverseLogs = [32]int32{
		2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
		2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
	}

	// lowDecisions are the upper bounds of the lower band's quantiser (table 14, Q6).
	lowDecisions = [29]int32{
		35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714,
		786, 858, 940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
	}
	// lowNegative and lowPositive are the codes of its intervals (table 14).
	lowNegative = [30]byte{
		63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4,
	}
	lowPositive = [30]byte{
		61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32,
	}
	// lowLevels are what a code of six bits is heard as (table 16, QM6), lowCoarse what
	// the predictor takes it for, by its four upper bits (table 15, QM4).
	lowLevels = [64]int32{
		-136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360, -8576, -7856,
		-7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688, -1360, -1040, -728,
		24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
		4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,
	}
	lowCoarse = [16]int32{
		0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0,
	}
	// lowSteps are what a code adds to the logarithm of the scale factor, by its four
	// upper bits (tables 17 and 18, RL42 and WL).
	lowSteps = [16]int32{-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60}

	// highDecision is where the higher band's quantiser parts near from far.
	highDecision = int32(564)
	// highLevels are what its codes stand for (table 21, QM2), highSteps what they add
	// to the logarithm of its scale factor (tables 22 and 23, RH2 and WH).
	highLevels = [4]int32{-7408, -1616, 7408, 1616}
	highSteps  = [4]int32{798, -214, 798, -214}
)

const (
	// The scale factors' logarithms are at most so much, and their tables begin there.
	lowMost, lowBase   = 18432, 8
	highMost, highBase = 22528, 10
	// The scale factors to begin with (section 6.2, reset).
	lowBegin, highBegin = 32, 8
)
