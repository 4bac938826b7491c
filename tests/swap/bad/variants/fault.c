/* Linked into a variant, it takes the place of the weak one in trial.cpp. */
#include "fault.h"

const char* trialFault(void) { return TRIAL_FAULT; }
