# Les textes des pages en français : une traduction de en.ftl (https://projectfluent.org).
# { $name } est un emplacement que le programme remplit. « Clé d’accès » est le terme établi pour passkey.

language-name = Français

## Everywhere

skip-to-content = Aller au contenu
language = Langue
problem-title = Problème :
next = Suivant
back = Retour
cancel = Annuler
confirm = Confirmer
save = Enregistrer
or = ou
optional = (facultatif)
code = Code
send-code = Envoyer un code
send-again = Envoyer un nouveau code
wrong-address = Adresse incorrecte ? Inscrivez-vous de nouveau
code-sent-to = Nous avons envoyé un code à { $to }.
code-sent = Si ce compte existe, nous lui avons envoyé un code.
development-inbox = Ceci est un serveur de développement. Les messages arrivent dans sa boîte de réception.
open-inbox = Ouvrir la boîte de réception de développement
inbox-title = Boîte de réception de développement
inbox-what = Aucun serveur de messagerie n’est configuré : les messages restent ici au lieu d’être envoyés. Les plus récents d’abord.
inbox-empty = Aucun message pour l’instant.

## Signing in

sign-in = Se connecter
username = Nom d’utilisateur
email = Adresse e-mail
phone = Numéro de téléphone
username-or-email = Nom d’utilisateur ou adresse e-mail
username-or-phone = Nom d’utilisateur ou numéro de téléphone
email-or-phone = Adresse e-mail ou numéro de téléphone
username-email-or-phone = Nom d’utilisateur, adresse e-mail ou numéro de téléphone
sign-in-with-passkey = Se connecter avec une clé d’accès
new-here = Première visite ?
have-account = Vous avez déjà un compte ?
terms-of-use = Conditions d’utilisation
privacy-policy = Politique de confidentialité
not-you = Ce n’est pas vous ?
your-password = Saisissez votre mot de passe
password = Mot de passe
show-password = Afficher le mot de passe
forgot-password = Mot de passe oublié ?
other-ways = Autres façons de se connecter
how-to-sign-in = Choisissez comment vous connecter
use-password = Utiliser votre mot de passe
use-passkey = Utiliser une clé d’accès
email-code = Recevoir un code par e-mail
text-code = Recevoir un code par SMS
app-code = Utiliser un code de votre application d’authentification
use-your-passkey = Connectez-vous avec votre clé d’accès
passkey-how = Votre appareil va vous demander votre empreinte digitale, votre visage ou le verrouillage de l’écran.
passkey-not-used = La connexion avec une clé d’accès n’a pas abouti. Réessayez ou connectez-vous autrement.
passkey-needs-script = Les clés d’accès nécessitent JavaScript. Activez-le dans votre navigateur ou connectez-vous autrement.
passkey-unsupported = Ce navigateur ne prend pas en charge les clés d’accès. Connectez-vous autrement ou utilisez un autre navigateur.
passkey-other-host = Les clés d’accès de ce groupe d’utilisateurs ne fonctionnent que sur { $host }.
open-on-host = Ouvrir cette page sur { $host }
enter-code = Saisissez le code
code-from-app = Saisissez le code à 6 chiffres de votre application d’authentification.
choose-new-password = Choisissez un nouveau mot de passe
choose-new-password-why = Vous avez utilisé un mot de passe temporaire. Choisissez-en un que personne d’autre ne connaît.
new-password = Nouveau mot de passe
save-password = Enregistrer le mot de passe
set-up-app = Configurer une application d’authentification
set-up-app-how = Scannez ce QR code avec votre application d’authentification, puis saisissez le code qu’elle affiche.
set-up-app-by-hand = Impossible de le scanner ? Saisissez cette clé dans l’application :
set-up-app-picture = QR code contenant la clé, pour votre application d’authentification
code-of-app = Code de l’application
choose-account = Choisissez un compte
continue-as = Continuer en tant que { $name }
another-account = Utiliser un autre compte
step-up-why = Pour effectuer cette modification, veuillez vous reconnecter.
set-up-app-open = Ouvrir dans votre application d’authentification
copy-key = Copier la clé
copied = Copiée.

## Signing up

sign-up = Créer un compte
password-optional-why = Si vous laissez ce champ vide, vous vous connecterez avec des codes ou des clés d’accès.
confirm-account = Confirmez votre compte
account-confirmed = Votre compte est confirmé. Vous pouvez maintenant vous connecter.

## A forgotten password

reset-password = Réinitialisez votre mot de passe
reset-password-how = Nous allons vous envoyer un code pour choisir un nouveau mot de passe.
back-to-sign-in = Retour à la connexion
password-saved = Votre nouveau mot de passe est enregistré. Utilisez-le pour vous connecter.

## Password rules

policy-length = Au moins { $count } caractères
policy-uppercase = une majuscule
policy-lowercase = une minuscule
policy-number = un chiffre
policy-symbol = un symbole

## Passkeys

passkeys = Clés d’accès
add-passkey = Ajouter une clé d’accès
add-passkey-question = Vous connecter plus vite la prochaine fois ?
add-passkey-why = Avec une clé d’accès, vous vous connectez avec votre empreinte digitale, votre visage ou le verrouillage de l’écran. Personne ne peut la deviner ni vous la soutirer.
not-now = Pas maintenant
passkey-not-made = La clé d’accès n’a pas été créée. Réessayez maintenant ou plus tard.
passkey-exists = Cet appareil a déjà une clé d’accès pour votre compte.
no-passkeys = Vous n’avez pas encore de clé d’accès. C’est le moyen le plus sûr et le plus rapide de se connecter.
passkey = Clé d’accès
added-on = Ajoutée le { $date }
last-used-on = Dernière utilisation le { $date }
never-used = Jamais utilisée
synced = Synchronisée entre vos appareils
one-device = Sur un seul appareil
on-device = Intégrée à un appareil
on-key = Clé de sécurité
on-phone = Téléphone ou autre appareil
on-other = Clé de sécurité ou autre appareil
rename = Renommer
rename-it = Renommer { $name }
new-name = Nouveau nom
delete = Supprimer
delete-it = Supprimer { $name }
delete-passkey-title = Supprimer « { $name } » ?
delete-passkey-what = Vous ne pourrez plus vous connecter avec cette clé d’accès. Cette action est irréversible.
delete-passkey-manager = Si votre navigateur le permet, votre gestionnaire de clés d’accès la supprime aussi. Si elle vous est encore proposée plus tard, supprimez-la dans ce gestionnaire.
delete-passkey-last = C’est votre seule clé d’accès. Vous devrez vous connecter d’une autre manière.
delete-passkey-no-way = C’est le dernier moyen de vous connecter à votre compte. Sans cette clé, personne ne pourra plus se connecter, pas même vous. Définissez d’abord un mot de passe ou ajoutez une autre clé d’accès.
delete-passkey-ends-others = Toutes vos autres sessions seront fermées.
delete-passkey-ends-all = Toutes vos sessions seront fermées, y compris celle-ci.
passkeys-count = { $count } sur { $maximum } au maximum
passkeys-rest-now = La validation en deux étapes est activée : vous vous connectez avec votre mot de passe et la deuxième étape, et non avec une clé d’accès.
delete-passkey-this = Supprimer cette clé d’accès ?
delete-passkey = Supprimer la clé d’accès

## The account

your-account = Votre compte
sign-out = Se déconnecter
sign-out-ask = Se déconnecter ?
stay-signed-in = Ne pas se déconnecter
leaving = Retour à l’application
go-on = Continuer
signed-out = Déconnexion réussie.
sessions = Vos sessions ouvertes
this-browser = ce navigateur
session-pages = Navigateur
session-since = Depuis le { $date }
end-it = Se déconnecter : { $name }, depuis le { $date }
sign-out-elsewhere = Se déconnecter partout ailleurs
more-sessions = Seules les sessions les plus récentes sont affichées.
sign-in-details = Informations de connexion
verified = vérifié
not-verified = non vérifié
verify-email = Vérifier cette adresse
verify-phone = Vérifier ce numéro
change-password = Changer le mot de passe
present-password = Mot de passe actuel
no-password = Vous n’avez pas encore de mot de passe.
set-password = En définir un
second-factor = Validation en deux étapes
second-factor-why = Après votre mot de passe, vous saisissez un code comme deuxième étape.
method-app = Code d’une application d’authentification
method-sms = Code par SMS
method-email = Code par e-mail
on = activé
off = désactivé
switch-on = Activer
switch-off = Désactiver
delete-account = Supprimer le compte
delete-account-what = Supprime votre compte, vos clés d’accès et toutes les données associées. Cette action est irréversible.
delete-account-title = Voulez-vous supprimer votre compte ?
delete-account-sure = Oui, supprimer mon compte
account-deleted = Compte supprimé
account-deleted-what = Votre compte et vos clés d’accès sont supprimés. Si votre navigateur le permet, votre gestionnaire de clés d’accès supprime aussi les clés. Si l’une d’elles vous est encore proposée plus tard, supprimez-la dans ce gestionnaire.
back-to = Retour à { $to }
browser-on = { $browser } sur { $system }
change = Modifier
change-email = Modifier votre adresse e-mail
change-phone = Modifier votre numéro de téléphone
not-given = Non renseigné

## What was done

done-passkey-added = Votre clé d’accès a été ajoutée.
done-passkey-renamed = La clé d’accès a été renommée.
done-passkey-deleted = La clé d’accès a été supprimée.
done-session-ended = Cette session est fermée.
done-others-ended = Toutes vos autres sessions sont fermées.
done-email-saved = Votre adresse e-mail a été enregistrée.
done-email-verified = Votre adresse e-mail est vérifiée.
done-phone-saved = Votre numéro de téléphone a été enregistré.
done-phone-verified = Votre numéro de téléphone est vérifié.
done-password-saved = Votre mot de passe a été modifié.
done-mfa-on = La validation en deux étapes est activée.
done-mfa-off = Cette méthode est désactivée.

## What went wrong

went-wrong = Un problème est survenu
nowhere-what = Keystead fonctionne. Ouvrez l’adresse que vous donne votre application, ou celle que le serveur a affichée à son démarrage.
nowhere = Page introuvable
not-for-us = Nous ne pouvons pas poursuivre votre connexion
not-for-us-what = Le lien que vous avez suivi n’est pas correct. Retournez à l’application et réessayez. Si cela se reproduit, transmettez le texte ci-dessous aux responsables de l’application.
error-internal = Le problème vient de nous, pas de vous. Veuillez réessayer dans un instant.
error-request-id = ID de la requête : { $id }
error-busy = Trop de requêtes. Veuillez patienter un instant, puis réessayer.
error-forbidden = Cette application n’autorise pas l’accès depuis votre réseau. Essayez depuis un autre réseau.
error-too-large = Les données envoyées sont trop volumineuses. Raccourcissez votre saisie et réessayez.
error-old-form = Cette page est restée ouverte trop longtemps, ou votre navigateur bloque les cookies. Veuillez réessayer.
error-credentials = Cela n’a pas fonctionné. Vérifiez votre saisie ou connectez-vous autrement.
error-network-blocked = La connexion n’est pas possible depuis ce réseau. Essayez-en un autre ou demandez de l’aide.
error-passkey = Cette clé d’accès n’a pas fonctionné. Réessayez ou connectez-vous autrement.
error-passkey-unknown = Cette clé d’accès n’est plus enregistrée ici. Connectez-vous autrement.
error-code = Ce code n’est pas correct. Vérifiez-le ou demandez-en un nouveau.
error-code-expired = Ce code a expiré. Demandez-en un nouveau.
error-code-used = Ce code a déjà été utilisé. Attendez le suivant.
error-expired = Cela a pris trop de temps. Veuillez recommencer.
error-attempts = Trop de mots de passe incorrects. Veuillez patienter avant de réessayer.
error-disabled = Ce compte est désactivé. Contactez les responsables de cette application.
error-password-policy = Choisissez un mot de passe plus sûr. { $policy }.
error-password-used = Vous avez déjà utilisé ce mot de passe. Choisissez-en un autre.
error-password-wrong = Votre mot de passe actuel n’est pas correct. Réessayez.
error-name-taken = Ce nom d’utilisateur est déjà pris. Choisissez-en un autre ou connectez-vous.
error-address-taken = Cette adresse e-mail ou ce numéro de téléphone appartient à un autre compte. Saisissez-en un autre.
error-entry = Veuillez vérifier votre saisie.
error-refused = Message de l’application : { $detail }
error-field = Veuillez vérifier ce champ : { $field }
error-name = Ce nom d’utilisateur ne peut pas être utilisé. Il peut avoir jusqu’à 128 caractères, sans espaces.
error-name-is-address = Ce nom d’utilisateur ne peut pas être utilisé, car il ressemble à une adresse e-mail ou à un numéro de téléphone. Choisissez-en un autre.
error-password = Ce mot de passe ne peut pas être utilisé. Il peut avoir jusqu’à 256 caractères et ne doit ni commencer ni finir par une espace.
error-password-needed = Choisissez un mot de passe.
error-email = Ce n’est pas une adresse e-mail. Saisissez une adresse comme nom@example.com.
error-phone = Ce n’est pas un numéro de téléphone. Commencez par + et l’indicatif du pays, par exemple +33123456789.
error-sign-up-closed = Vous ne pouvez pas créer de compte ici. Demandez-en un aux responsables de cette application.
error-delivery = Nous n’avons pas pu envoyer le message. Veuillez réessayer plus tard.
error-passkey-limit = Vous avez atteint le nombre maximal de clés d’accès. Supprimez-en une d’abord.
error-passkey-not-accepted = Ce type de clé d’accès n’est pas accepté ici. Utilisez-en une autre.
error-passkey-gone = Cette clé d’accès n’existe plus.
error-passkey-changed = Votre gestionnaire a modifié cette clé d’accès, elle ne fonctionne donc plus ici. Connectez-vous autrement, puis créez-en une nouvelle.
error-last-factor = C’est le dernier moyen de vous connecter à votre compte. Ajoutez d’abord une autre clé d’accès ou définissez un mot de passe.
error-reset-needed = Il vous faut un nouveau mot de passe pour vous connecter.
error-no-pages = Ce client d’application n’a pas de pages de connexion. Pour qu’il en ait, autorisez-lui un flux OAuth 2.0 par code ou implicite.
error-account-address = Ouvrez votre compte depuis l’application que vous utilisez, ou ajoutez son client_id à l’adresse.
error-no-method = Impossible de l’activer pour l’instant. Vérifiez d’abord l’adresse e-mail ou le numéro de téléphone nécessaire.
passkeys-rest = Tant que la validation en deux étapes est activée, vous ne pouvez pas vous connecter ici avec une clé d’accès. Vous utilisez votre mot de passe et un code.
error-app-code = Ce code n’est pas correct. Saisissez celui que l’application affiche maintenant.
error-password-first = Avec cette option, vous ne pourriez plus vous connecter. Définissez d’abord un mot de passe.
error-no-way-left = Vous n’auriez plus aucun moyen de vous connecter. Ajoutez d’abord une clé d’accès ou définissez un mot de passe.
error-last-method = La validation en deux étapes est obligatoire ici. Vous ne pouvez pas désactiver votre dernière méthode.

## Attributes

attribute-name = Nom complet
attribute-given_name = Prénom
attribute-family_name = Nom de famille
attribute-middle_name = Deuxième prénom
attribute-nickname = Surnom
attribute-preferred_username = Nom d’utilisateur préféré
attribute-birthdate = Date de naissance
attribute-address = Adresse
attribute-locale = Langue et région
attribute-zoneinfo = Fuseau horaire
attribute-website = Site web
attribute-gender = Genre
attribute-picture = Photo
attribute-profile = Page de profil
attribute-updated_at = Dernière modification

## The link that confirms an account

confirm-link = Pour terminer votre inscription, confirmez que cette adresse est la vôtre.
link-sent-to = Nous avons envoyé un lien à { $to }. Ouvrez-le dans ce navigateur, puis connectez-vous.
link-sent = Si ce compte existe, nous lui avons envoyé un lien. Ouvrez-le dans ce navigateur, puis connectez-vous.
code-or-link-sent = Si ce compte existe, nous lui avons envoyé un message. Ouvrez le lien dans ce navigateur et connectez-vous, ou saisissez le code.
asked-again = Nous avons renvoyé le message, si c’était possible. Utilisez le plus récent.
send-link-again = Envoyer un nouveau lien
confirm-with-password = L’inscription a été faite dans un autre navigateur, ou par quelqu’un d’autre avec votre adresse. Choisissez un mot de passe pour terminer.
confirm-link-incomplete = Ce lien est incomplet. Ouvrez-le à nouveau depuis le message.
confirm-link-before = Votre compte est déjà confirmé. Vous pouvez vous connecter.
confirm-link-failed = Nous n’avons pas pu confirmer votre compte. Le lien est peut-être trop ancien. Demandez-en un nouveau là où vous avez créé votre compte.
confirmed = Compte confirmé
not-confirmed = Compte non confirmé
