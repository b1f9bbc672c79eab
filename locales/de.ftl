# Die Texte der Seiten auf Deutsch: eine Übersetzung von en.ftl (https://projectfluent.org).
# { $name } ist eine Stelle, die das Programm ausfüllt. Passkey heißt auch auf Deutsch Passkey.

language-name = Deutsch

## Everywhere

skip-to-content = Zum Inhalt springen
language = Sprache
problem-title = Problem:
next = Weiter
back = Zurück
cancel = Abbrechen
confirm = Bestätigen
save = Speichern
or = oder
optional = (optional)
code = Code
send-code = Code senden
send-again = Neuen Code senden
wrong-address = Falsche Adresse? Noch einmal registrieren
code-sent-to = Wir haben einen Code an { $to } gesendet.
code-sent = Wenn es dieses Konto gibt, haben wir einen Code gesendet.
development-inbox = Dies ist ein Entwicklungsserver. Nachrichten landen in seinem Posteingang.
open-inbox = Entwicklungs-Posteingang öffnen
inbox-title = Entwicklungs-Posteingang
inbox-what = Es ist kein Mailserver eingerichtet. Deshalb bleiben Nachrichten hier, statt gesendet zu werden. Neueste zuerst.
inbox-empty = Noch keine Nachrichten.

## Signing in

sign-in = Anmelden
username = Benutzername
email = E-Mail-Adresse
phone = Telefonnummer
username-or-email = Benutzername oder E-Mail-Adresse
username-or-phone = Benutzername oder Telefonnummer
email-or-phone = E-Mail-Adresse oder Telefonnummer
username-email-or-phone = Benutzername, E-Mail-Adresse oder Telefonnummer
sign-in-with-passkey = Mit Passkey anmelden
new-here = Neu hier?
have-account = Haben Sie schon ein Konto?
terms-of-use = Nutzungsbedingungen
privacy-policy = Datenschutzerklärung
not-you = Nicht Ihr Konto?
your-password = Passwort eingeben
password = Passwort
show-password = Passwort anzeigen
forgot-password = Passwort vergessen?
other-ways = Andere Anmeldemöglichkeiten
how-to-sign-in = Wie möchten Sie sich anmelden?
use-password = Passwort verwenden
use-passkey = Passkey verwenden
email-code = Code per E-Mail erhalten
text-code = Code per SMS erhalten
app-code = Code aus der Authenticator-App verwenden
use-your-passkey = Mit Ihrem Passkey anmelden
passkey-how = Ihr Gerät fragt nach Fingerabdruck, Gesicht oder Displaysperre.
passkey-not-used = Die Anmeldung mit einem Passkey hat nicht geklappt. Versuchen Sie es noch einmal oder melden Sie sich anders an.
passkey-needs-script = Passkeys brauchen JavaScript. Schalten Sie es im Browser ein oder melden Sie sich anders an.
passkey-unsupported = Dieser Browser kann keine Passkeys verwenden. Melden Sie sich anders an oder nehmen Sie einen anderen Browser.
passkey-other-host = Die Passkeys dieses Benutzerpools funktionieren nur auf { $host }.
open-on-host = Diese Seite auf { $host } öffnen
enter-code = Code eingeben
code-from-app = Geben Sie den 6-stelligen Code aus Ihrer Authenticator-App ein.
choose-new-password = Neues Passwort wählen
choose-new-password-why = Sie haben sich mit einem vorläufigen Passwort angemeldet. Wählen Sie eines, das nur Sie kennen.
new-password = Neues Passwort
save-password = Passwort speichern
set-up-app = Authenticator-App einrichten
set-up-app-how = Scannen Sie diesen QR-Code mit Ihrer Authenticator-App und geben Sie dann den Code ein, den die App anzeigt.
set-up-app-by-hand = Scannen klappt nicht? Geben Sie diesen Schlüssel in der App ein:
set-up-app-picture = QR-Code mit dem Schlüssel für Ihre Authenticator-App
code-of-app = Code aus der App
choose-account = Konto auswählen
continue-as = Als { $name } fortfahren
another-account = Anderes Konto verwenden
step-up-why = Bitte melden Sie sich vor dieser Änderung noch einmal an.
set-up-app-open = In der Authentifizierungs-App öffnen
copy-key = Schlüssel kopieren
copied = Kopiert.

## Signing up

sign-up = Konto erstellen
password-optional-why = Wenn Sie das Feld leer lassen, melden Sie sich mit Codes oder Passkeys an.
confirm-account = Konto bestätigen
account-confirmed = Ihr Konto ist bestätigt. Sie können sich jetzt anmelden.

## A forgotten password

reset-password = Passwort zurücksetzen
reset-password-how = Wir senden Ihnen einen Code, mit dem Sie ein neues Passwort wählen können.
back-to-sign-in = Zurück zur Anmeldung
password-saved = Ihr neues Passwort ist gespeichert. Melden Sie sich damit an.

## Password rules

policy-length = Mindestens { $count } Zeichen
policy-uppercase = ein Großbuchstabe
policy-lowercase = ein Kleinbuchstabe
policy-number = eine Ziffer
policy-symbol = ein Sonderzeichen

## Passkeys

passkeys = Passkeys
add-passkey = Passkey hinzufügen
add-passkey-question = Nächstes Mal schneller anmelden?
add-passkey-why = Mit einem Passkey melden Sie sich per Fingerabdruck, Gesicht oder Displaysperre an. Niemand kann ihn erraten oder Ihnen entlocken.
not-now = Nicht jetzt
passkey-not-made = Der Passkey wurde nicht erstellt. Versuchen Sie es noch einmal oder holen Sie es später nach.
passkey-exists = Auf diesem Gerät gibt es bereits einen Passkey für Ihr Konto.
no-passkeys = Sie haben noch keinen Passkey. Ein Passkey ist die sicherste und schnellste Art, sich anzumelden.
passkey = Passkey
added-on = Hinzugefügt am { $date }
last-used-on = Zuletzt verwendet am { $date }
never-used = Nie verwendet
synced = Zwischen Ihren Geräten synchronisiert
one-device = Nur auf einem Gerät
on-device = In ein Gerät integriert
on-key = Sicherheitsschlüssel
on-phone = Telefon oder anderes Gerät
on-other = Sicherheitsschlüssel oder anderes Gerät
rename = Umbenennen
rename-it = { $name } umbenennen
new-name = Neuer Name
delete = Löschen
delete-it = { $name } löschen
delete-passkey-title = „{ $name }“ löschen?
delete-passkey-what = Sie können sich mit diesem Passkey dann nicht mehr anmelden. Das lässt sich nicht rückgängig machen.
delete-passkey-manager = Wenn Ihr Browser das unterstützt, entfernt auch Ihr Passkey-Manager den Passkey. Wird er Ihnen später noch angeboten, entfernen Sie ihn dort.
delete-passkey-last = Das ist Ihr einziger Passkey. Sie müssen sich dann auf andere Weise anmelden.
delete-passkey-no-way = Das ist die letzte Möglichkeit, sich bei Ihrem Konto anzumelden. Ohne diesen Passkey kann sich niemand mehr anmelden, auch Sie nicht. Legen Sie zuerst ein Passwort fest oder fügen Sie einen weiteren Passkey hinzu.
delete-passkey-ends-others = Alle Ihre anderen Sitzungen werden beendet.
delete-passkey-ends-all = Alle Ihre Sitzungen werden beendet, auch diese.
passkeys-count = { $count } von höchstens { $maximum }
passkeys-rest-now = Die Bestätigung in zwei Schritten ist eingeschaltet. Deshalb melden Sie sich mit Ihrem Passwort und dem zweiten Schritt an, nicht mit einem Passkey.
delete-passkey-this = Diesen Passkey löschen?
delete-passkey = Passkey löschen

## The account

your-account = Ihr Konto
sign-out = Abmelden
sign-out-ask = Abmelden?
stay-signed-in = Angemeldet bleiben
leaving = Sie werden zur App zurückgeleitet
go-on = Weiter
signed-out = Sie sind abgemeldet.
sessions = Wo Sie angemeldet sind
this-browser = dieser Browser
session-pages = Browser
session-since = Seit { $date }
end-it = Abmelden: { $name }, seit { $date }
sign-out-elsewhere = Alle anderen Sitzungen beenden
more-sessions = Es werden nur Ihre neuesten Sitzungen angezeigt.
sign-in-details = Anmeldedaten
verified = bestätigt
not-verified = nicht bestätigt
verify-email = Diese Adresse bestätigen
verify-phone = Diese Nummer bestätigen
change-password = Passwort ändern
present-password = Aktuelles Passwort
no-password = Sie haben noch kein Passwort.
set-password = Passwort festlegen
second-factor = Bestätigung in zwei Schritten
second-factor-why = Nach dem Passwort geben Sie als zweiten Schritt einen Code ein.
method-app = Authenticator-App
method-sms = Codes per SMS
method-email = Codes per E-Mail
on = ein
off = aus
switch-on = Einschalten
switch-off = Ausschalten
delete-account = Konto löschen
delete-account-what = Ihr Konto, Ihre Passkeys und alles, was damit gespeichert ist, werden gelöscht. Das lässt sich nicht rückgängig machen.
delete-account-title = Möchten Sie Ihr Konto löschen?
delete-account-sure = Ja, mein Konto löschen
account-deleted = Konto gelöscht
account-deleted-what = Ihr Konto und Ihre Passkeys sind gelöscht. Wenn Ihr Browser das unterstützt, entfernt auch Ihr Passkey-Manager die Passkeys. Wird Ihnen später noch einer angeboten, entfernen Sie ihn dort.
back-to = Zurück zu { $to }
browser-on = { $browser } unter { $system }
change = Ändern
change-email = E-Mail-Adresse ändern
change-phone = Telefonnummer ändern
not-given = Nicht angegeben

## What was done

done-passkey-added = Ihr Passkey wurde hinzugefügt.
done-passkey-renamed = Der Passkey wurde umbenannt.
done-passkey-deleted = Der Passkey wurde gelöscht.
done-session-ended = Diese Sitzung wurde beendet.
done-others-ended = Alle anderen Sitzungen wurden beendet.
done-email-saved = Ihre E-Mail-Adresse wurde gespeichert.
done-email-verified = Ihre E-Mail-Adresse ist bestätigt.
done-phone-saved = Ihre Telefonnummer wurde gespeichert.
done-phone-verified = Ihre Telefonnummer ist bestätigt.
done-password-saved = Ihr Passwort wurde geändert.
done-mfa-on = Die Bestätigung in zwei Schritten ist eingeschaltet.
done-mfa-off = Diese Methode ist jetzt ausgeschaltet.

## What went wrong

went-wrong = Etwas ist schiefgelaufen
nowhere-what = Keystead läuft. Öffnen Sie die Adresse, die Ihre Anwendung Ihnen nennt, oder die, die der Server beim Start ausgegeben hat.
nowhere = Seite nicht gefunden
not-for-us = Wir können Ihre Anmeldung nicht fortsetzen
not-for-us-what = Der Link, der Sie hierher geführt hat, stimmt nicht. Gehen Sie zur Anwendung zurück und versuchen Sie es noch einmal. Wenn es wieder passiert, geben Sie den Text unten an die Betreiber der Anwendung weiter.
error-internal = Das Problem liegt bei uns, nicht bei Ihnen. Bitte versuchen Sie es gleich noch einmal.
error-request-id = Anfrage-ID: { $id }
error-busy = Zu viele Anfragen. Bitte warten Sie kurz und versuchen Sie es noch einmal.
error-forbidden = Diese Anwendung erlaubt keinen Zugriff aus Ihrem Netzwerk. Versuchen Sie es aus einem anderen.
error-too-large = Das sind zu viele Daten. Kürzen Sie Ihre Eingaben und versuchen Sie es noch einmal.
error-old-form = Diese Seite war zu lange geöffnet, oder Ihr Browser blockiert Cookies. Bitte versuchen Sie es noch einmal.
error-credentials = Das hat nicht geklappt. Prüfen Sie Ihre Eingaben oder melden Sie sich anders an.
error-network-blocked = Von diesem Netzwerk aus ist die Anmeldung nicht möglich. Versuchen Sie es aus einem anderen, oder fragen Sie um Hilfe.
error-passkey = Dieser Passkey hat nicht funktioniert. Versuchen Sie es noch einmal oder melden Sie sich anders an.
error-passkey-unknown = Dieser Passkey ist hier nicht mehr registriert. Melden Sie sich anders an.
error-code = Dieser Code ist nicht richtig. Prüfen Sie ihn oder fordern Sie einen neuen an.
error-code-expired = Dieser Code ist abgelaufen. Fordern Sie einen neuen an.
error-code-used = Dieser Code wurde schon verwendet. Warten Sie auf den nächsten.
error-expired = Das hat zu lange gedauert. Bitte beginnen Sie von vorn.
error-attempts = Zu viele falsche Passwörter. Bitte warten Sie eine Weile und versuchen Sie es dann noch einmal.
error-disabled = Dieses Konto ist deaktiviert. Wenden Sie sich an die Betreiber dieser Anwendung.
error-password-policy = Wählen Sie ein stärkeres Passwort. { $policy }.
error-password-used = Dieses Passwort hatten Sie schon einmal. Wählen Sie ein anderes.
error-password-wrong = Ihr aktuelles Passwort ist nicht richtig. Versuchen Sie es noch einmal.
error-name-taken = Dieser Benutzername ist vergeben. Wählen Sie einen anderen oder melden Sie sich an.
error-address-taken = Diese E-Mail-Adresse oder Telefonnummer gehört zu einem anderen Konto. Geben Sie eine andere ein.
error-entry = Bitte prüfen Sie Ihre Eingaben.
error-refused = Nachricht der Anwendung: { $detail }
error-field = Bitte prüfen Sie dieses Feld: { $field }
error-name = Dieser Benutzername ist nicht möglich. Er darf bis zu 128 Zeichen und keine Leerzeichen enthalten.
error-name-is-address = Dieser Benutzername ist nicht möglich, denn er sieht wie eine E-Mail-Adresse oder Telefonnummer aus. Wählen Sie einen anderen.
error-password = Dieses Passwort ist nicht möglich. Es darf bis zu 256 Zeichen haben und nicht mit einem Leerzeichen beginnen oder enden.
error-password-needed = Wählen Sie ein Passwort.
error-email = Das ist keine E-Mail-Adresse. Geben Sie eine wie name@example.com ein.
error-phone = Das ist keine Telefonnummer. Beginnen Sie mit + und der Landesvorwahl, zum Beispiel +4930123456.
error-sign-up-closed = Hier können Sie kein Konto erstellen. Bitten Sie die Betreiber dieser Anwendung um eines.
error-delivery = Wir konnten die Nachricht nicht senden. Bitte versuchen Sie es später noch einmal.
error-passkey-limit = Sie haben die Höchstzahl an Passkeys erreicht. Löschen Sie zuerst einen.
error-passkey-not-accepted = Diese Art von Passkey wird hier nicht akzeptiert. Verwenden Sie einen anderen.
error-passkey-gone = Diesen Passkey gibt es nicht mehr.
error-passkey-changed = Ihr Passkey-Manager hat diesen Passkey verändert, deshalb funktioniert er hier nicht mehr. Melden Sie sich auf andere Weise an und erstellen Sie einen neuen Passkey.
error-last-factor = Das ist die letzte Anmeldemöglichkeit für Ihr Konto. Fügen Sie zuerst einen weiteren Passkey hinzu oder legen Sie ein Passwort fest.
error-reset-needed = Sie brauchen ein neues Passwort, bevor Sie sich anmelden können.
error-no-pages = Dieser App-Client hat keine Anmeldeseiten. Damit er welche bekommt, erlauben Sie ihm einen Code- oder impliziten Flow von OAuth 2.0.
error-account-address = Öffnen Sie Ihr Konto aus der Anwendung, die Sie nutzen, oder ergänzen Sie die Adresse um deren client_id.
error-no-method = Das lässt sich noch nicht einschalten. Bestätigen Sie zuerst die E-Mail-Adresse oder Telefonnummer, die dafür nötig ist.
passkeys-rest = Solange die Bestätigung in zwei Schritten eingeschaltet ist, können Sie sich hier nicht mit Passkeys anmelden. Sie verwenden Ihr Passwort und einen Code.
error-app-code = Dieser Code ist nicht richtig. Geben Sie den ein, den die App jetzt anzeigt.
error-password-first = Damit könnten Sie sich nicht mehr anmelden. Legen Sie zuerst ein Passwort fest.
error-no-way-left = Danach könnten Sie sich nicht mehr anmelden. Fügen Sie zuerst einen Passkey hinzu oder legen Sie ein Passwort fest.
error-last-method = Die Bestätigung in zwei Schritten ist hier vorgeschrieben. Die letzte Methode können Sie nicht ausschalten.

## Attributes

attribute-name = Name
attribute-given_name = Vorname
attribute-family_name = Nachname
attribute-middle_name = Zweiter Vorname
attribute-nickname = Spitzname
attribute-preferred_username = Bevorzugter Benutzername
attribute-birthdate = Geburtsdatum
attribute-address = Adresse
attribute-locale = Sprache und Region
attribute-zoneinfo = Zeitzone
attribute-website = Website
attribute-gender = Geschlecht
attribute-picture = Bild
attribute-profile = Profilseite
attribute-updated_at = Letzte Änderung

## The link that confirms an account

confirm-link = Bestätigen Sie, dass diese Adresse Ihnen gehört, um die Registrierung abzuschließen.
link-sent-to = Wir haben einen Link an { $to } gesendet. Öffnen Sie ihn in diesem Browser und melden Sie sich dann an.
link-sent = Wenn es dieses Konto gibt, haben wir einen Link gesendet. Öffnen Sie ihn in diesem Browser und melden Sie sich dann an.
code-or-link-sent = Wenn es dieses Konto gibt, haben wir eine Nachricht gesendet. Öffnen Sie den Link darin in diesem Browser und melden Sie sich an, oder geben Sie den Code ein.
asked-again = Wir haben die Nachricht noch einmal gesendet, falls das möglich war. Verwenden Sie die neueste.
send-link-again = Neuen Link senden
confirm-with-password = Sie haben sich in einem anderen Browser registriert, oder jemand anderes hat sich mit Ihrer Adresse registriert. Wählen Sie zum Abschluss ein Passwort.
confirm-link-incomplete = Dieser Link ist unvollständig. Öffnen Sie ihn noch einmal aus der Nachricht.
confirm-link-before = Ihr Konto ist bereits bestätigt. Sie können sich anmelden.
confirm-link-failed = Wir konnten Ihr Konto nicht bestätigen. Vielleicht ist der Link zu alt. Fordern Sie dort, wo Sie sich registriert haben, einen neuen an.
confirmed = Konto bestätigt
not-confirmed = Konto nicht bestätigt
