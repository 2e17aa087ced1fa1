/* committer_parts: the inside of the committer, shared by committer*.c. All on its thread. */
#pragma once

#include "ledger/committer.h"

/* A slice has committed: it is forgotten, and counted where a round is over. Under the addresses' lock. */
void committer_slice_done(struct committer *committer, duration now);

/* After each batch: closes the periods that somebody waits for, once no older charge waits for its row; and once what is
 * older fits one slice: else the next batches take slices of it, and it is looked again. is_last: nobody is to wait on. */
void committer_closing_run(struct committer *committer, bool is_last);
