// SPDX-License-Identifier: GPL-3.0-or-later
/* Verbs that change whether a guest runs. */
#include "verbs.h"
#include "tuning/tuning.h"

static const struct arg power_args[] = { ARG_OF_GUEST, ARG_FORCE_USER };

const struct verb pause_verb = {
	.name = "pause", CHANGE(tuning_pause), ARGS(power_args), TUNE('p'), .summary = "Stop a guest's vCPUs.", .rights = RIGHT_MONITOR,
	.doc = "Stops the vCPUs of a guest; its devices finish what they are at. To the guest its clock jumps when it is resumed. An undo resumes it.",
};
const struct verb resume_verb = {
	.name = "resume", CHANGE(tuning_resume), ARGS(power_args), TUNE('r'), .summary = "Let a guest's vCPUs run.", .rights = RIGHT_MONITOR,
	.doc = "Lets a guest go on that was paused, was started paused, or stopped at an I/O error; then the disk that failed is named. An undo "
	       "pauses it.",
};
const struct verb reset_verb = {
	.name = "reset", CHANGE(tuning_reset), ARGS(power_args), TUNE('x'), .summary = "Reset a guest.", .rights = RIGHT_MONITOR,
	.doc = "Resets a guest as its reset button would: what it has not written to its disks is lost. There is no undo.",
};
const struct verb powerdown_verb = {
	.name = "powerdown", CHANGE(tuning_powerdown), ARGS(power_args), TUNE('o'), .summary = "Press a guest's power button.", .rights = RIGHT_MONITOR,
	.doc = "Presses the power button of a guest, once, and waits until the guest has shut down, for --timeout at most: exit code 4 when it "
	       "has not. There is no undo.",
};
