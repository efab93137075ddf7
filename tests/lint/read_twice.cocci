// SPDX-License-Identifier: MIT
//
// Guest memory that one function reads twice: what the second read finds need not be what the first
// one was judged by. Either a copy from the same guest address, or a second load of the same field
// of a page that the guest writes.

@copied exists@
expression from, d1, d2, n1, n2;
position p, q;
@@
 \(copy_from_guest@p(d1, from, n1)\|machine_copy_from_guest@p(d1, from, n1)\)
 ... when != from = ...
     when != from += ...
     when != from++
     when != ++from
 \(copy_from_guest@q(d2, from, n2)\|machine_copy_from_guest@q(d2, from, n2)\)

@script:python@
p << copied.p;
q << copied.q;
@@
if (p[0].line, p[0].column) != (q[0].line, q[0].column):
    print("%s:%s: read_twice: also copied in line %s" % (q[0].file, q[0].line, p[0].line))

// Loops that wait are no judgement; between the loads there must be nothing that starts afresh.
@loaded exists@
expression e;
identifier word =~ "^(evtchn_|wc_|version$|flags$|domid$|frame$|max_pfn$|cr2$|nmi_reason$)";
position p, q;
@@
 READ_ONCE@p(e->word)
 ... when != e = ...
 READ_ONCE@q(e->word)

@script:python@
p << loaded.p;
q << loaded.q;
@@
if (p[0].line, p[0].column) != (q[0].line, q[0].column):
    print("%s:%s: read_twice: also loaded in line %s" % (q[0].file, q[0].line, p[0].line))
