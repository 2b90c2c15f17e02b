// SPDX-License-Identifier: Apache-2.0

#ifndef CBENCH_H
#define CBENCH_H

/// Takes a value's address where the optimizer cannot see what happens to it, so that the value has to be made.
void cbench_consume(const void *value);

/// Begins to count the calls that allocate memory, from zero, of all threads.
///
/// Only with glibc, and not beside a sanitizer, which counts on its own allocator.
void cbench_start_counting_allocations(void);

/// Ends the count and returns it; -1 where allocations cannot be counted.
long cbench_stop_counting_allocations(void);

/// The bytes that the process has allocated and not freed; -1 where that is not known (anywhere but glibc).
long cbench_allocated_bytes(void);

/// The processor time of all threads of the process, in seconds.
double cbench_processor_seconds(void);

/// The most memory that the process has had resident, in bytes; -1 where that is not known.
long cbench_peak_resident_bytes(void);

/// Makes what was written to a file durable, as a commit does.
int cbench_synchronize(int file);

#endif
