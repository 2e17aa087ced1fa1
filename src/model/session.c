#include "model/session.h"

bool session_is_live(instant created_at, instant last_seen_at, instant now)
{
    return now.us - created_at.us < SESSION_LIFE_US &&
           now.us - last_seen_at.us < SESSION_IDLE_US;
}
