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
wrong-address = Mauvaise adresse ? S’inscrire de nouveau
code-sent-to = Nous avons envoyé un code à { $to }.
code-sent = Si ce compte existe, nous lui avons envoyé un code.
development-inbox = Ceci est un serveur de développement : le message vous attend ici.
open-inbox = Ouvrir la boîte de développement
inbox-title = Boîte de réception de développement
inbox-what = Messages que personne ne reçoit, car aucun serveur de messagerie n’est configuré. Les plus récents d’abord.
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
new-here = Première visite ?
have-account = Vous avez déjà un compte ?
terms-of-use = Conditions d’utilisation
privacy-policy = Politique de confidentialité
not-you = Ce n’est pas vous ?
your-password = Saisissez votre mot de passe
password = Mot de passe
show-password = Afficher le mot de passe
forgot-password = Mot de passe oublié ?
other-ways = Autres façons de se connecter
how-to-sign-in = Choisissez comment vous connecter
use-password = Utiliser votre mot de passe
use-passkey = Utiliser une clé d’accès
email-code = Recevoir un code par e-mail
text-code = Recevoir un code par SMS
app-code = Utiliser un code de votre application d’authentification
use-your-passkey = Connectez-vous avec votre clé d’accès
passkey-how = Votre appareil vous demande votre empreinte digitale, votre visage ou le verrouillage de l’écran.
passkey-not-used = Aucune clé d’accès n’a été utilisée. Réessayez ou choisissez une autre méthode.
passkey-needs-script = Les clés d’accès nécessitent JavaScript. Activez-le ou choisissez une autre méthode.
enter-code = Saisissez le code
code-from-app = Saisissez le code à 6 chiffres affiché par votre application d’authentification.
choose-new-password = Choisissez un nouveau mot de passe
choose-new-password-why = Votre mot de passe vous a été attribué. Choisissez-en un que personne d’autre ne connaît.
new-password = Nouveau mot de passe
save-password = Enregistrer le mot de passe
set-up-app = Configurer une application d’authentification
set-up-app-how = Scannez ce QR code avec votre application d’authentification, puis saisissez le code qu’elle affiche.
set-up-app-by-hand = Ou saisissez cette clé dans l’application :
set-up-app-picture = QR code contenant la clé, pour votre application d’authentification
code-of-app = Code de l’application
choose-account = Choisissez un compte
continue-as = Continuer en tant que { $name }
another-account = Utiliser un autre compte
step-up-why = Avant cette modification, veuillez vous reconnecter.

## Signing up

sign-up = Créer un compte
password-optional-why = Sans mot de passe, vous vous connectez avec des codes ou des clés d’accès.
confirm-account = Confirmez votre compte
account-confirmed = Votre compte est confirmé. Vous pouvez maintenant vous connecter.

## A forgotten password

reset-password = Réinitialisez votre mot de passe
reset-password-how = Nous vous envoyons un code qui vous permet de choisir un nouveau mot de passe.
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
add-passkey-question = Vous connecter plus vite la prochaine fois ?
add-passkey-why = Avec une clé d’accès, vous vous connectez avec votre empreinte digitale, votre visage ou le verrouillage de l’écran. Personne ne peut la deviner ni vous la soutirer.
not-now = Pas maintenant
passkey-not-made = Aucune clé d’accès n’a été créée. Réessayez maintenant ou plus tard.
passkey-exists = Cet appareil a déjà une clé d’accès pour votre compte.
no-passkeys = Vous n’avez aucune clé d’accès. Une clé d’accès est le moyen le plus sûr et le plus rapide de se connecter.
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
more-passkeys = Autres clés d’accès
rename = Renommer
rename-it = Renommer { $name }
new-name = Nouveau nom
delete = Supprimer
delete-it = Supprimer { $name }
delete-passkey-title = Supprimer « { $name } » ?
delete-passkey-what = Vous ne pourrez plus vous connecter avec cette clé d’accès. Cette action est irréversible.
delete-passkey-manager = Si votre navigateur le permet, il demande à votre gestionnaire de clés d’accès de la retirer. Si elle vous est encore proposée plus tard, retirez-la vous-même dans ce gestionnaire.
delete-passkey-last = C’est votre seule clé d’accès. Vous devrez vous connecter d’une autre manière.
delete-passkey-no-way = C’est le dernier moyen de vous connecter à votre compte. Sans elle, personne ne pourra plus se connecter, pas même vous : définissez d’abord un mot de passe ou ajoutez une autre clé d’accès.
delete-passkey-ends-others = Toutes vos autres sessions seront fermées.
delete-passkey-ends-all = Toutes vos sessions seront fermées, y compris celle-ci.

## The account

your-account = Votre compte
sign-out = Se déconnecter
sign-out-ask = Se déconnecter ?
stay-signed-in = Rester connecté
signed-out = Déconnexion réussie.
sessions = Vos sessions ouvertes
this-browser = ce navigateur
session-pages = Navigateur
session-since = Depuis le { $date }
end-it = Se déconnecter de { $name }, depuis le { $date }
sign-out-elsewhere = Se déconnecter partout ailleurs
more-sessions = Seules les sessions les plus récentes sont affichées.
sign-in-details = Informations de connexion
verified = vérification faite
not-verified = à vérifier
verify-email = Vérifier cette adresse
verify-phone = Vérifier ce numéro
change-password = Changer le mot de passe
present-password = Mot de passe actuel
no-password = Vous n’avez pas de mot de passe.
set-password = En définir un
second-factor = Connexion en deux étapes
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
delete-account-title = Supprimer votre compte ?
delete-account-sure = Oui, supprimer mon compte
account-deleted = Compte supprimé
account-deleted-what = Votre compte et vos clés d’accès sont supprimés. Si votre navigateur le peut, il indique à votre gestionnaire de les retirer. Si l’une d’elles est encore proposée plus tard, supprimez-la là-bas.

## What was done

done-passkey-added = Votre clé d’accès a été ajoutée.
done-passkey-renamed = La clé d’accès a été renommée.
done-passkey-deleted = La clé d’accès a été supprimée.
done-session-ended = Cette session a été fermée.
done-others-ended = Toutes vos autres sessions sont fermées.
done-email-saved = Votre adresse e-mail a été enregistrée.
done-email-verified = Votre adresse e-mail est vérifiée.
done-phone-saved = Votre numéro de téléphone a été enregistré.
done-phone-verified = Votre numéro de téléphone est vérifié.
done-password-saved = Votre mot de passe a été changé.
done-mfa-on = La connexion en deux étapes est activée.
done-mfa-off = C’est désactivé.

## What went wrong

went-wrong = Un problème est survenu
nowhere-what = Keystead fonctionne ici. Ouvrez l’adresse que vous donne votre application, ou celle que le serveur a affichée à son démarrage.
nowhere = Il n’y a rien à cette adresse
not-for-us = Impossible de poursuivre cette connexion
not-for-us-what = L’adresse qui mène ici n’est pas correcte. Retournez à l’application et réessayez. Si cela se reproduit, transmettez le texte ci-dessous aux responsables de l’application.
error-internal = L’erreur vient de nous, pas de vous. Veuillez réessayer dans un instant.
error-request-id = ID de la requête : { $id }
error-busy = Trop de requêtes. Veuillez patienter un instant, puis réessayer.
error-forbidden = L’accès depuis votre réseau n’est pas autorisé.
error-too-large = Les données envoyées sont trop volumineuses.
error-old-form = Cette page est restée ouverte trop longtemps, ou les cookies sont bloqués. Veuillez réessayer.
error-credentials = Cela n’a pas fonctionné. Vérifiez votre identifiant et votre mot de passe, ou choisissez une autre méthode.
error-network-blocked = La connexion n’est pas possible depuis ce réseau. Essayez-en un autre ou demandez de l’aide.
error-passkey = Cette clé d’accès n’a pas fonctionné. Réessayez ou choisissez une autre méthode.
error-passkey-unknown = Cette clé d’accès n’est plus connue ici. Choisissez une autre façon de vous connecter.
error-code = Ce code n’est pas correct. Vérifiez-le ou demandez-en un nouveau.
error-code-expired = Ce code a expiré. Demandez-en un nouveau.
error-code-used = Ce code a déjà été utilisé. Attendez le suivant.
error-expired = Cela a pris trop de temps. Veuillez recommencer.
error-attempts = Trop de mots de passe erronés. Veuillez patienter avant de réessayer.
error-disabled = Ce compte est désactivé.
error-password-policy = Ce mot de passe est trop faible. Il faut : { $policy }.
error-password-used = Vous avez déjà utilisé ce mot de passe. Choisissez-en un autre.
error-password-wrong = Votre mot de passe actuel n’est pas correct.
error-name-taken = Ce nom est déjà pris. Choisissez-en un autre ou connectez-vous.
error-address-taken = Cette adresse appartient à un autre compte.
error-entry = Veuillez vérifier votre saisie.
error-refused = L’application indique : { $detail }
error-field = Veuillez vérifier : { $field }
error-name = Ce nom ne peut pas être utilisé. Il peut avoir jusqu’à 128 caractères, sans espaces.
error-name-is-address = Ce nom ne peut pas être utilisé : il ressemble à une adresse e-mail ou à un numéro de téléphone.
error-password = Ce mot de passe ne peut pas être utilisé. Il peut avoir jusqu’à 256 caractères et ne doit ni commencer ni finir par une espace.
error-password-needed = Choisissez un mot de passe.
error-email = Ce n’est pas une adresse e-mail. Exemple : nom@example.com.
error-phone = Ce n’est pas un numéro de téléphone. Commencez par + et l’indicatif du pays, par exemple +33123456789.
error-sign-up-closed = Les nouveaux comptes sont créés par les responsables de cette application.
error-delivery = Le message n’a pas pu être envoyé. Veuillez réessayer plus tard.
error-passkey-limit = Vous avez atteint le nombre maximal de clés d’accès. Supprimez-en une d’abord.
error-passkey-not-accepted = Ce type de clé d’accès n’est pas accepté ici. Utilisez-en une autre.
error-passkey-gone = Cette clé d’accès n’existe plus.
error-last-factor = C’est le dernier moyen de vous connecter à votre compte. Ajoutez d’abord une autre clé d’accès ou définissez un mot de passe.
error-reset-needed = Il vous faut un nouveau mot de passe. Réinitialisez-le avec un code.
error-no-pages = Ce client d’application n’a pas de pages de connexion : elles sont réservées aux clients qui utilisent OAuth 2.0 avec le flux par code ou implicite.
error-account-address = Ouvrez votre compte depuis l’application que vous utilisez, ou avec son client_id dans l’adresse.
error-no-method = Impossible de l’activer pour l’instant : l’adresse nécessaire n’est pas vérifiée.
passkeys-rest = Tant qu’une deuxième étape est activée, les clés d’accès ne vous connectent pas ici : vous utilisez votre mot de passe et cette étape.
error-app-code = Ce code n’est pas correct. Saisissez celui que l’application affiche maintenant.
error-password-first = Avec cette option, vous ne pourriez plus vous connecter. Définissez d’abord un mot de passe.
error-no-way-left = Il ne resterait aucun moyen de vous connecter à votre compte. Ajoutez d’abord une clé d’accès ou définissez un mot de passe.
error-last-method = La connexion en deux étapes est obligatoire ici : la dernière méthode ne peut pas être désactivée.

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

confirm-link = Confirmez que cette adresse est la vôtre pour terminer votre inscription.
link-sent-to = Nous avons envoyé un lien à { $to }. Ouvrez-le dans ce navigateur, puis connectez-vous.
link-sent = Si ce compte existe, nous lui avons envoyé un lien. Ouvrez-le dans ce navigateur, puis connectez-vous.
code-or-link-sent = Si ce compte existe, nous avons envoyé un message. Ouvrez son lien dans ce navigateur et connectez-vous, ou saisissez son code.
asked-again = Nous l’avons envoyé de nouveau, si c’était possible. Seul le message le plus récent compte.
send-link-again = Envoyer un nouveau lien
confirm-with-password = Vous vous êtes inscrit dans un autre navigateur, ou quelqu’un a utilisé votre adresse. Choisissez un mot de passe pour terminer.
confirm-link-incomplete = Ce lien est incomplet : ouvrez-le à nouveau depuis le message.
confirm-link-before = Votre compte a déjà été confirmé. Vous pouvez vous connecter.
confirm-link-failed = Le compte n’a pas été confirmé. Le lien est peut-être trop ancien : demandez-en un nouveau là où vous avez créé votre compte.
confirmed = Confirmé
not-confirmed = Non confirmé
