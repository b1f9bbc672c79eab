# The words of the pages, in English: the language that others are translated from (https://projectfluent.org).
# { $name } is a place that the program fills. Passkey, one word, is what the field calls it.

language-name = English

## Everywhere

skip-to-content = Skip to content
language = Language
problem-title = Problem:
next = Next
back = Back
cancel = Cancel
confirm = Confirm
save = Save
or = or
optional = (optional)
code = Code
send-code = Send a code
send-again = Send a new code
wrong-address = Wrong address? Sign up again
code-sent-to = We sent a code to { $to }.
code-sent = If there is such an account, we sent it a code.
development-inbox = This is a development server: the message waits here.
open-inbox = Open the development inbox
inbox-title = Development inbox
inbox-what = Messages that nobody receives, because no mail server is configured. Newest first.
inbox-empty = No messages yet.

## Signing in

sign-in = Sign in
username = Username
email = Email address
phone = Phone number
username-or-email = Username or email address
username-or-phone = Username or phone number
email-or-phone = Email address or phone number
username-email-or-phone = Username, email address or phone number
sign-in-with-passkey = Sign in with a passkey
new-here = New here?
have-account = Already have an account?
terms-of-use = Terms of use
privacy-policy = Privacy policy
not-you = Not you?
your-password = Enter your password
password = Password
show-password = Show password
forgot-password = Forgot your password?
other-ways = Other ways to sign in
how-to-sign-in = Choose how to sign in
use-password = Use your password
use-passkey = Use a passkey
email-code = Get a code by email
text-code = Get a code by text message
app-code = Use a code from your authenticator app
use-your-passkey = Sign in with your passkey
passkey-how = Your device asks for your fingerprint, your face or your screen lock.
passkey-not-used = No passkey was used. Try again, or choose another way.
passkey-needs-script = Passkeys need JavaScript. Switch it on, or choose another way.
enter-code = Enter the code
code-from-app = Enter the 6-digit code that your authenticator app shows.
choose-new-password = Choose a new password
choose-new-password-why = Your password was given to you. Choose one that only you know.
new-password = New password
save-password = Save password
set-up-app = Set up an authenticator app
set-up-app-how = Scan this picture with your authenticator app, then enter the code that it shows.
set-up-app-by-hand = Or enter this key in the app:
set-up-app-picture = A picture with the key, for your authenticator app
code-of-app = Code from the app
choose-account = Choose an account
continue-as = Continue as { $name }
another-account = Use another account
step-up-why = Before this change, please sign in again.

## Signing up

sign-up = Create an account
password-optional-why = Without one you sign in with codes or passkeys.
confirm-account = Confirm your account
account-confirmed = Your account is confirmed. You can sign in now.

## A forgotten password

reset-password = Reset your password
reset-password-how = We send you a code, with which you choose a new password.
back-to-sign-in = Back to sign-in
password-saved = Your new password is saved. Sign in with it.

## Password rules

policy-length = At least { $count } characters
policy-uppercase = an upper-case letter
policy-lowercase = a lower-case letter
policy-number = a number
policy-symbol = a symbol

## Passkeys

passkeys = Passkeys
add-passkey = Add a passkey
add-passkey-question = Sign in faster next time?
add-passkey-why = With a passkey you sign in with your fingerprint, your face or your screen lock. Nobody can guess it or trick you out of it.
not-now = Not now
passkey-not-made = No passkey was made. Try again, or do it later.
passkey-exists = This device has a passkey for your account already.
no-passkeys = You have no passkeys. A passkey is the safest and fastest way to sign in.
passkey = Passkey
added-on = Added { $date }
last-used-on = Last used { $date }
never-used = Never used
synced = Synced between your devices
one-device = On one device only
on-device = Built into a device
on-key = Security key
on-phone = Phone or another device
on-other = Security key or another device
more-passkeys = More passkeys
rename = Rename
rename-it = Rename { $name }
new-name = New name
delete = Delete
delete-it = Delete { $name }
delete-passkey-title = Delete “{ $name }”?
delete-passkey-what = You will not be able to sign in with this passkey any more. This cannot be undone.
delete-passkey-manager = Where your browser can, it tells your passkey manager to remove it. If it is still offered later, remove it there.
delete-passkey-last = It is your only passkey. You will have to sign in another way.
delete-passkey-no-way = It is the last way to sign in to your account. Without it nobody can sign in, not even you: set a password or add another passkey first.
delete-passkey-ends-others = You will be signed out everywhere else.
delete-passkey-ends-all = You will be signed out everywhere, here too.

## The account

your-account = Your account
sign-out = Sign out
sign-out-ask = Sign out?
stay-signed-in = Stay signed in
signed-out = You are signed out.
sessions = Where you are signed in
this-browser = this browser
session-pages = Browser
session-since = Since { $date }
end-it = Sign out of { $name }, since { $date }
sign-out-elsewhere = Sign out everywhere else
more-sessions = Only the newest sessions are shown.
sign-in-details = Sign-in details
verified = verified
not-verified = not verified
verify-email = Verify this address
verify-phone = Verify this number
change-password = Change password
present-password = Present password
no-password = You have no password.
set-password = Set one
second-factor = Two-step sign-in
second-factor-why = After your password, you enter a code as a second step.
method-app = Authenticator app
method-sms = Codes by text message
method-email = Codes by email
on = on
off = off
switch-on = Switch on
switch-off = Switch off
delete-account = Delete account
delete-account-what = Removes your account, your passkeys and everything stored with them. This cannot be undone.
delete-account-title = Delete your account?
delete-account-sure = Yes, delete my account
account-deleted = Account deleted
account-deleted-what = Your account and your passkeys are deleted. Where your browser can, it tells your passkey manager to remove them. If one is still offered later, remove it there.

## What was done

done-passkey-added = Your passkey was added.
done-passkey-renamed = The passkey was renamed.
done-passkey-deleted = The passkey was deleted.
done-session-ended = That session was ended.
done-others-ended = You are signed out everywhere else.
done-email-saved = Your email address was saved.
done-email-verified = Your email address is verified.
done-phone-saved = Your phone number was saved.
done-phone-verified = Your phone number is verified.
done-password-saved = Your password was changed.
done-mfa-on = Two-step sign-in is on.
done-mfa-off = It is switched off.

## What went wrong

went-wrong = Something went wrong
nowhere-what = Keystead is running here. Open the address that your application gives you, or the one that the server printed when it started.
nowhere = There is nothing at this address
not-for-us = This sign-in cannot go on
not-for-us-what = The address that led here is not right. Go back to the application and try again. If it happens again, tell the people who run it what stands below.
error-internal = This is our fault, not yours. Please try again in a moment.
error-request-id = Request ID: { $id }
error-busy = Too many requests. Please wait a moment and try again.
error-forbidden = You cannot come here from your network.
error-too-large = What was sent is too large.
error-old-form = This page was open for too long, or cookies are blocked. Please try again.
error-credentials = That did not work. Check your name and password, or choose another way.
error-network-blocked = You can’t sign in from this network. Try another one, or ask for help.
error-passkey = This passkey did not work. Try again, or choose another way.
error-passkey-unknown = This passkey is not known here any more. Choose another way to sign in.
error-code = This code is not right. Check it, or ask for a new one.
error-code-expired = This code has expired. Ask for a new one.
error-code-used = This code was used before. Wait for the next one.
error-expired = That took too long. Please start again.
error-attempts = Too many wrong passwords. Please wait a while before you try again.
error-disabled = This account is disabled.
error-password-policy = This password is too weak. It needs: { $policy }.
error-password-used = You had this password before. Choose another one.
error-password-wrong = Your present password is not right.
error-name-taken = This name is taken. Choose another one, or sign in.
error-address-taken = This address belongs to another account.
error-entry = Please check what you entered.
error-refused = The application says: { $detail }
error-field = Please check this: { $field }
error-name = This name cannot be used. It may have up to 128 characters and no blanks.
error-name-is-address = This name cannot be used: it looks like an email address or a phone number.
error-password = This password cannot be used. It may have up to 256 characters, and no space at its beginning or end.
error-password-needed = Choose a password.
error-email = This is not an email address. One looks like name@example.com.
error-phone = This is not a phone number. Begin with + and the country code, for example +4930123456.
error-sign-up-closed = New accounts are made by the people who run this application.
error-delivery = The message could not be sent. Please try again later.
error-passkey-limit = You have as many passkeys as you may have. Delete one first.
error-passkey-not-accepted = This kind of passkey is not accepted here. Use another one.
error-passkey-gone = This passkey is not there any more.
error-last-factor = This is the last way to sign in to your account. Add another passkey or set a password first.
error-reset-needed = You need a new password. Reset it with a code.
error-no-pages = The app client has no sign-in pages: they are for clients that use OAuth 2.0 with a code or implicit flow.
error-account-address = Open your account from the application that you use, or with its client_id in the address.
error-no-method = This cannot be switched on yet: the address it needs is not verified.
passkeys-rest = While a second step is on, passkeys do not sign you in here: you use your password and the step.
error-app-code = This code is not right. Enter the one that the app shows now.
error-password-first = With this switched on you could not sign in any more. Set a password first.
error-no-way-left = Nothing would be left to sign in to your account with. Add a passkey or set a password first.
error-last-method = Two-step sign-in is required here: the last method cannot be switched off.

## Attributes

attribute-name = Name
attribute-given_name = First name
attribute-family_name = Last name
attribute-middle_name = Middle name
attribute-nickname = Nickname
attribute-preferred_username = Preferred username
attribute-birthdate = Date of birth
attribute-address = Address
attribute-locale = Language and region
attribute-zoneinfo = Time zone
attribute-website = Website
attribute-gender = Gender
attribute-picture = Picture
attribute-profile = Profile page
attribute-updated_at = Last change

## The link that confirms an account

confirm-link = Confirm that this address is yours to finish signing up.
link-sent-to = We sent a link to { $to }. Open it in this browser, then sign in.
link-sent = If there is such an account, we sent it a link. Open it in this browser, then sign in.
code-or-link-sent = We sent a message, if there is such an account. Open its link in this browser and sign in, or enter its code.
asked-again = We sent it again, if it may be sent. Look at the newest message only.
send-link-again = Send a new link
confirm-with-password = You signed up in another browser, or somebody else did with your address. Choose a password to finish.
confirm-link-incomplete = This link is not complete: open it from the message again.
confirm-link-before = Your account was confirmed before. You can sign in.
confirm-link-failed = The account was not confirmed. The link may be old: ask for a new one where you signed up.
confirmed = Confirmed
not-confirmed = Not confirmed
