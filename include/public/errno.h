/* SPDX-License-Identifier: MIT */
/*
 * Error numbers of the hypercall interface. A hypercall that fails returns the negative value.
 * The numbers equal those of Linux on x86, so that a Linux guest can pass them on unchanged; they
 * are listed here because a freestanding guest has no errno.h of its own.
 */
#ifndef PUBLIC_ERRNO_H
#define PUBLIC_ERRNO_H

#define XEN_EPERM 1          /* the caller may not do this */
#define XEN_ENOENT 2         /* no such object */
#define XEN_ESRCH 3          /* no such domain */
#define XEN_EIO 5            /* device or transport failed */
#define XEN_ENXIO 6          /* no such device or address */
#define XEN_E2BIG 7          /* list longer than the limit */
#define XEN_ENOEXEC 8        /* image format not understood */
#define XEN_EBADF 9          /* handle does not name an open object */
#define XEN_ECHILD 10        /* no child */
#define XEN_EAGAIN 11        /* try again */
#define XEN_EWOULDBLOCK 11   /* same as XEN_EAGAIN */
#define XEN_ENOMEM 12        /* out of memory */
#define XEN_EACCES 13        /* refused, also: wrong interface version */
#define XEN_EFAULT 14        /* a guest pointer cannot be read or written */
#define XEN_EBUSY 16         /* in use */
#define XEN_EEXIST 17        /* exists already */
#define XEN_EXDEV 18         /* crosses objects that must be one */
#define XEN_ENODEV 19        /* no such device */
#define XEN_ENOTDIR 20       /* not a directory */
#define XEN_EISDIR 21        /* is a directory */
#define XEN_EINVAL 22        /* argument out of range or inconsistent */
#define XEN_ENFILE 23        /* table full, whole system */
#define XEN_EMFILE 24        /* table full, this domain */
#define XEN_ENOSPC 28        /* no room, for instance no free port */
#define XEN_EROFS 30         /* read-only */
#define XEN_EMLINK 31        /* too many links */
#define XEN_EDOM 33          /* outside the domain of the function */
#define XEN_ERANGE 34        /* outside the permitted range */
#define XEN_EDEADLK 35       /* would deadlock */
#define XEN_EDEADLOCK 35     /* same as XEN_EDEADLK */
#define XEN_ENAMETOOLONG 36  /* name too long */
#define XEN_ENOLCK 37        /* no lock available */
#define XEN_ENOSYS 38        /* no such hypercall or sub-operation */
#define XEN_ENOTEMPTY 39     /* not empty */
#define XEN_ENODATA 61       /* no data */
#define XEN_ETIME 62         /* time has passed */
#define XEN_EBADMSG 74       /* malformed message */
#define XEN_EOVERFLOW 75     /* value does not fit its type */
#define XEN_EILSEQ 84        /* invalid sequence */
#define XEN_ENOTSOCK 88      /* not a socket */
#define XEN_EMSGSIZE 90      /* message too long */
#define XEN_EOPNOTSUPP 95    /* known operation, not supported here */
#define XEN_EADDRINUSE 98    /* address in use */
#define XEN_EADDRNOTAVAIL 99 /* address not available */
#define XEN_ENOBUFS 105      /* buffer too small for the whole answer */
#define XEN_EISCONN 106      /* is connected */
#define XEN_ENOTCONN 107     /* is not connected */
#define XEN_ETIMEDOUT 110    /* no answer in time */
#define XEN_ECONNREFUSED 111 /* refused by the peer */

#endif
