/* SPDX-License-Identifier: MIT */
/*
 * Control: what may not be done to the control domain, which is in no file and ends with the
 * machine.
 */
#ifndef LAMINA_DOMAIN_CONTROL_H
#define LAMINA_DOMAIN_CONTROL_H

#include "common/failure.h"

/* 0 for any other domain; else -EINVAL, and the failure says that it cannot be `what`. */
int control_domain_refuse(unsigned domid, const char *what, struct failure *failure)
    __attribute__((warn_unused_result));

#endif
