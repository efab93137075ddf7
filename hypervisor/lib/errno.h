/* SPDX-License-Identifier: MIT */
/*
 * Error numbers inside the hypervisor: the ABI's values under their short names, and the one that
 * never reaches a guest. Functions return them negative.
 */
#ifndef LAMINA_LIB_ERRNO_H
#define LAMINA_LIB_ERRNO_H

#include "public/errno.h"

#define EPERM        XEN_EPERM
#define ENOENT       XEN_ENOENT
#define ESRCH        XEN_ESRCH
#define ENXIO        XEN_ENXIO
#define E2BIG        XEN_E2BIG
#define ENOEXEC      XEN_ENOEXEC
#define ENOMEM       XEN_ENOMEM
#define EACCES       XEN_EACCES
#define EFAULT       XEN_EFAULT
#define EBUSY        XEN_EBUSY
#define EEXIST       XEN_EEXIST
#define EXDEV        XEN_EXDEV
#define ENODEV       XEN_ENODEV
#define EINVAL       XEN_EINVAL
#define ENOSPC       XEN_ENOSPC
#define ENOSYS       XEN_ENOSYS
#define ENODATA      XEN_ENODATA
#define ENOBUFS      XEN_ENOBUFS
#define ERANGE       XEN_ERANGE
#define ETIME        XEN_ETIME
#define EOPNOTSUPP   XEN_EOPNOTSUPP

#define ERESTART 85 /* stopped half way, progress recorded: call again */

#endif
