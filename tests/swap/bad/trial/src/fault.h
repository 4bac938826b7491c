/// What is wrong with this file. A variant links another answer; see ../../variants/fault.c.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

const char* trialFault(void);

#ifdef __cplusplus
}
#endif
