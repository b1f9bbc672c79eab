//! SetUserMFAPreference.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_SetUserMFAPreference.html>

use crate::{
    app::App,
    call::Call,
    caller::SignedIn,
    error::{Error, Key, Result, Text},
    flows::{self, changes, last_factor, mfa, step_up},
    operations::Empty,
    store,
};

pub async fn handle(app: &App, call: &Call, caller: SignedIn, request: mfa::Preferences) -> Result<Empty> {
    let bearer = caller.bearer;
    let pool = flows::pool_of(app, &bearer).await?;
    let trail = flows::trail(app, call, "user");
    let mut tx = app.db.begin().await?;
    let user = store::users::lock(&mut tx, &pool.id, bearer.sub).await?;
    bearer.live(app, &mut tx, call).await?;
    let user = user.ok_or(Error::UserNotFound)?;
    if request.switch_off(&user.mfa) {
        step_up::check(app, &mut tx, &pool, &bearer).await?;
    }
    // Without a password there may be no first factor that goes with a second one.
    let had = last_factor::can_sign_in(&mut tx, &pool, bearer.sub, None).await?;
    if !mfa::prefer(&mut tx, &pool, &user, request, trail.at).await? {
        return Ok(Empty {});
    }
    let why = "With a second factor nothing would be left to sign in to this account with; set a password first.";
    last_factor::keep(&mut tx, &pool, bearer.sub, had, Text::keyed(Key::PasswordFirst, why)).await?;
    changes::note_if_room(app, &mut tx, &pool.id, &trail, "mfa.changed", bearer.sub).await?;
    tx.commit().await?;
    Ok(Empty {})
}
