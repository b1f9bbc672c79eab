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
code-sent = Falls es dieses Konto gibt, haben wir ihm einen Code gesendet.
development-inbox = Dies ist ein Entwicklungsserver: Die Nachricht liegt hier bereit.
open-inbox = Entwicklungs-Posteingang öffnen
inbox-title = Entwicklungs-Posteingang
inbox-what = Nachrichten, die niemand erhält, weil kein Mailserver eingerichtet ist. Neueste zuerst.
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
app-code = Code aus der Authentifizierungs-App verwenden
use-your-passkey = Mit Ihrem Passkey anmelden
passkey-how = Ihr Gerät fragt nach Fingerabdruck, Gesicht oder Displaysperre.
passkey-not-used = Es wurde kein Passkey verwendet. Versuchen Sie es noch einmal oder wählen Sie eine andere Möglichkeit.
passkey-needs-script = Passkeys brauchen JavaScript. Schalten Sie es ein oder wählen Sie eine andere Möglichkeit.
enter-code = Code eingeben
code-from-app = Geben Sie den 6-stelligen Code ein, den Ihre Authentifizierungs-App anzeigt.
choose-new-password = Neues Passwort wählen
choose-new-password-why = Ihr Passwort wurde für Sie vergeben. Wählen Sie eines, das nur Sie kennen.
new-password = Neues Passwort
save-password = Passwort speichern
set-up-app = Authentifizierungs-App einrichten
set-up-app-how = Scannen Sie diesen QR-Code mit Ihrer Authentifizierungs-App und geben Sie dann den Code ein, den die App anzeigt.
set-up-app-by-hand = Oder geben Sie diesen Schlüssel in der App ein:
set-up-app-picture = QR-Code mit dem Schlüssel für Ihre Authentifizierungs-App
code-of-app = Code aus der App
choose-account = Konto auswählen
continue-as = Als { $name } fortfahren
another-account = Anderes Konto verwenden
step-up-why = Bitte melden Sie sich vor dieser Änderung noch einmal an.

## Signing up

sign-up = Konto erstellen
password-optional-why = Ohne Passwort melden Sie sich mit Codes oder Passkeys an.
confirm-account = Konto bestätigen
account-confirmed = Ihr Konto ist bestätigt. Sie können sich jetzt anmelden.

## A forgotten password

reset-password = Passwort zurücksetzen
reset-password-how = Wir senden Ihnen einen Code, mit dem Sie ein neues Passwort wählen.
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
passkey-not-made = Es wurde kein Passkey erstellt. Versuchen Sie es noch einmal oder holen Sie es später nach.
passkey-exists = Auf diesem Gerät gibt es bereits einen Passkey für Ihr Konto.
no-passkeys = Sie haben keine Passkeys. Ein Passkey ist die sicherste und schnellste Art, sich anzumelden.
passkey = Passkey
added-on = Hinzugefügt am { $date }
last-used-on = Zuletzt verwendet am { $date }
never-used = Nie verwendet
synced = Auf Ihren Geräten synchronisiert
one-device = Nur auf einem Gerät
on-device = In ein Gerät integriert
on-key = Sicherheitsschlüssel
on-phone = Telefon oder anderes Gerät
on-other = Sicherheitsschlüssel oder anderes Gerät
more-passkeys = Weitere Passkeys
rename = Umbenennen
rename-it = { $name } umbenennen
new-name = Neuer Name
delete = Löschen
delete-it = { $name } löschen
delete-passkey-title = „{ $name }“ löschen?
delete-passkey-what = Sie können sich mit diesem Passkey dann nicht mehr anmelden. Das lässt sich nicht rückgängig machen.
delete-passkey-manager = Wenn Ihr Browser es kann, lässt er den Passkey aus Ihrem Passkey-Manager entfernen. Wird er später noch angeboten, entfernen Sie ihn dort.
delete-passkey-last = Es ist Ihr einziger Passkey. Sie müssen sich dann auf andere Weise anmelden.
delete-passkey-no-way = Er ist die letzte Möglichkeit, sich bei Ihrem Konto anzumelden. Ohne ihn kann sich niemand mehr anmelden, auch Sie nicht: Legen Sie zuerst ein Passwort fest oder fügen Sie einen weiteren Passkey hinzu.
delete-passkey-ends-others = Sie werden überall sonst abgemeldet.
delete-passkey-ends-all = Sie werden überall abgemeldet, auch hier.

## The account

your-account = Ihr Konto
sign-out = Abmelden
sign-out-ask = Abmelden?
stay-signed-in = Angemeldet bleiben
signed-out = Sie sind abgemeldet.
sessions = Wo Sie angemeldet sind
this-browser = dieser Browser
session-pages = Browser
session-since = Seit { $date }
end-it = Von { $name } abmelden, seit { $date }
sign-out-elsewhere = Überall sonst abmelden
more-sessions = Nur die neuesten Sitzungen werden angezeigt.
sign-in-details = Anmeldedaten
verified = bestätigt
not-verified = nicht bestätigt
verify-email = Diese Adresse bestätigen
verify-phone = Diese Nummer bestätigen
change-password = Passwort ändern
present-password = Aktuelles Passwort
no-password = Sie haben kein Passwort.
set-password = Passwort festlegen
second-factor = Anmeldung in zwei Schritten
second-factor-why = Nach dem Passwort geben Sie als zweiten Schritt einen Code ein.
method-app = Authentifizierungs-App
method-sms = Codes per SMS
method-email = Codes per E-Mail
on = ein
off = aus
switch-on = Einschalten
switch-off = Ausschalten
delete-account = Konto löschen
delete-account-what = Entfernt Ihr Konto, Ihre Passkeys und alles, was damit gespeichert ist. Das lässt sich nicht rückgängig machen.
delete-account-title = Ihr Konto löschen?
delete-account-sure = Ja, mein Konto löschen
account-deleted = Konto gelöscht
account-deleted-what = Ihr Konto und Ihre Passkeys sind gelöscht. Wenn Ihr Browser es kann, sagt er Ihrem Passkey-Manager, dass er sie entfernen soll. Wird einer später noch angeboten, entfernen Sie ihn dort.

## What was done

done-passkey-added = Ihr Passkey wurde hinzugefügt.
done-passkey-renamed = Der Passkey wurde umbenannt.
done-passkey-deleted = Der Passkey wurde gelöscht.
done-session-ended = Diese Sitzung wurde beendet.
done-others-ended = Sie sind überall sonst abgemeldet.
done-email-saved = Ihre E-Mail-Adresse wurde gespeichert.
done-email-verified = Ihre E-Mail-Adresse ist bestätigt.
done-phone-saved = Ihre Telefonnummer wurde gespeichert.
done-phone-verified = Ihre Telefonnummer ist bestätigt.
done-password-saved = Ihr Passwort wurde geändert.
done-mfa-on = Die Anmeldung in zwei Schritten ist eingeschaltet.
done-mfa-off = Das ist jetzt ausgeschaltet.

## What went wrong

went-wrong = Etwas ist schiefgelaufen
nowhere-what = Keystead läuft hier. Öffnen Sie die Adresse, die Ihre Anwendung Ihnen gibt, oder die, die der Server beim Start ausgegeben hat.
nowhere = Unter dieser Adresse ist nichts
not-for-us = Diese Anmeldung kann nicht fortgesetzt werden
not-for-us-what = Die Adresse, die hierher geführt hat, ist nicht richtig. Gehen Sie zur Anwendung zurück und versuchen Sie es noch einmal. Wenn es wieder passiert, geben Sie den Text unten an deren Betreiber weiter.
error-internal = Das ist unser Fehler, nicht Ihrer. Bitte versuchen Sie es gleich noch einmal.
error-request-id = Anfrage-ID: { $id }
error-busy = Zu viele Anfragen. Bitte warten Sie kurz und versuchen Sie es noch einmal.
error-forbidden = Der Zugriff aus Ihrem Netzwerk ist nicht erlaubt.
error-too-large = Die gesendeten Daten sind zu groß.
error-old-form = Diese Seite war zu lange geöffnet oder Cookies sind blockiert. Bitte versuchen Sie es noch einmal.
error-credentials = Das hat nicht geklappt. Prüfen Sie Name und Passwort oder wählen Sie eine andere Möglichkeit.
error-network-blocked = Von diesem Netzwerk aus ist die Anmeldung nicht möglich. Versuchen Sie es aus einem anderen, oder fragen Sie um Hilfe.
error-passkey = Dieser Passkey hat nicht funktioniert. Versuchen Sie es noch einmal oder wählen Sie eine andere Möglichkeit.
error-passkey-unknown = Dieser Passkey ist hier nicht mehr bekannt. Wählen Sie eine andere Anmeldemöglichkeit.
error-code = Dieser Code ist nicht richtig. Prüfen Sie ihn oder fordern Sie einen neuen an.
error-code-expired = Dieser Code ist abgelaufen. Fordern Sie einen neuen an.
error-code-used = Dieser Code wurde schon verwendet. Warten Sie auf den nächsten.
error-expired = Das hat zu lange gedauert. Bitte beginnen Sie von vorn.
error-attempts = Zu viele falsche Passwörter. Bitte warten Sie eine Weile, bevor Sie es noch einmal versuchen.
error-disabled = Dieses Konto ist deaktiviert.
error-password-policy = Dieses Passwort ist zu schwach. Nötig: { $policy }.
error-password-used = Dieses Passwort hatten Sie schon einmal. Wählen Sie ein anderes.
error-password-wrong = Ihr aktuelles Passwort ist nicht richtig.
error-name-taken = Dieser Name ist vergeben. Wählen Sie einen anderen oder melden Sie sich an.
error-address-taken = Diese Adresse gehört zu einem anderen Konto.
error-entry = Bitte prüfen Sie Ihre Eingaben.
error-refused = Die Anwendung sagt: { $detail }
error-field = Bitte prüfen Sie: { $field }
error-name = Dieser Name ist nicht möglich. Er darf bis zu 128 Zeichen und keine Leerzeichen haben.
error-name-is-address = Dieser Name ist nicht möglich: Er sieht wie eine E-Mail-Adresse oder Telefonnummer aus.
error-password = Dieses Passwort ist nicht möglich. Es darf bis zu 256 Zeichen haben und nicht mit einem Leerzeichen beginnen oder enden.
error-password-needed = Wählen Sie ein Passwort.
error-email = Das ist keine E-Mail-Adresse. Eine sieht so aus: name@example.com.
error-phone = Das ist keine Telefonnummer. Beginnen Sie mit + und der Landesvorwahl, zum Beispiel +4930123456.
error-sign-up-closed = Neue Konten legen die Betreiber dieser Anwendung an.
error-delivery = Die Nachricht konnte nicht gesendet werden. Bitte versuchen Sie es später noch einmal.
error-passkey-limit = Mehr Passkeys sind nicht möglich. Löschen Sie zuerst einen.
error-passkey-not-accepted = Diese Art von Passkey wird hier nicht akzeptiert. Verwenden Sie einen anderen.
error-passkey-gone = Diesen Passkey gibt es nicht mehr.
error-last-factor = Das ist die letzte Anmeldemöglichkeit für Ihr Konto. Fügen Sie zuerst einen weiteren Passkey hinzu oder legen Sie ein Passwort fest.
error-reset-needed = Sie brauchen ein neues Passwort. Setzen Sie es mit einem Code zurück.
error-no-pages = Der App-Client hat keine Anmeldeseiten: Sie sind für Clients gedacht, die OAuth 2.0 mit Code- oder implizitem Flow verwenden.
error-account-address = Öffnen Sie Ihr Konto aus der Anwendung, die Sie nutzen, oder mit deren client_id in der Adresse.
error-no-method = Das lässt sich noch nicht einschalten: Die dafür nötige Adresse ist nicht bestätigt.
passkeys-rest = Solange ein zweiter Schritt eingeschaltet ist, melden Passkeys Sie hier nicht an: Sie verwenden Ihr Passwort und den zweiten Schritt.
error-app-code = Dieser Code ist nicht richtig. Geben Sie den ein, den die App jetzt anzeigt.
error-password-first = Damit könnten Sie sich nicht mehr anmelden. Legen Sie zuerst ein Passwort fest.
error-no-way-left = Danach könnten Sie sich nicht mehr anmelden. Fügen Sie zuerst einen Passkey hinzu oder legen Sie ein Passwort fest.
error-last-method = Die Anmeldung in zwei Schritten ist hier vorgeschrieben: Das letzte Verfahren lässt sich nicht ausschalten.

## Attributes

attribute-name = Name
attribute-given_name = Vorname
attribute-family_name = Nachname
attribute-middle_name = Weiterer Vorname
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
link-sent = Falls es dieses Konto gibt, haben wir ihm einen Link gesendet. Öffnen Sie ihn in diesem Browser und melden Sie sich dann an.
code-or-link-sent = Falls es dieses Konto gibt, haben wir eine Nachricht gesendet. Öffnen Sie ihren Link in diesem Browser und melden Sie sich an, oder geben Sie ihren Code ein.
asked-again = Wir haben die Nachricht noch einmal gesendet, falls das möglich war. Es gilt nur die neueste.
send-link-again = Neuen Link senden
confirm-with-password = Sie haben sich in einem anderen Browser registriert, oder jemand anderes hat Ihre Adresse verwendet. Wählen Sie zum Abschluss ein Passwort.
confirm-link-incomplete = Dieser Link ist unvollständig: Öffnen Sie ihn noch einmal aus der Nachricht.
confirm-link-before = Ihr Konto wurde bereits bestätigt. Sie können sich anmelden.
confirm-link-failed = Das Konto wurde nicht bestätigt. Vielleicht ist der Link veraltet: Fordern Sie dort, wo Sie sich registriert haben, einen neuen an.
confirmed = Bestätigt
not-confirmed = Nicht bestätigt
