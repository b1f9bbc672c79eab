// What Keystead's pages cannot do without a script: passkey ceremonies, telling the browser's passkey manager what changed,
// and times in the person's language and time zone.
// Everything is sent by the page's own forms.
(() => {
  'use strict';
  for (const label of document.querySelectorAll('[data-show-password]')) {
    const inputs = label.closest('form').querySelectorAll('input[type=password]');
    label.firstElementChild.addEventListener('change', event => {
      for (const input of inputs) input.type = event.target.checked ? 'text' : 'password';
    });
  }
  // The server writes times in UTC.
  const formats = { day: { dateStyle: 'medium' }, minute: { dateStyle: 'medium', timeStyle: 'short' } };
  for (const time of document.querySelectorAll('time[data-time]')) {
    const format = new Intl.DateTimeFormat(document.documentElement.lang, formats[time.dataset.time]);
    time.textContent = format.format(new Date(time.dateTime));
  }
  for (const button of document.querySelectorAll('[data-copy]')) {
    button.hidden = !navigator.clipboard;
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      document.querySelector('[data-copied]').hidden = false;
    });
  }

  // A double click sends a form once: the answer to the second time would say that the first was used up.
  for (const form of document.querySelectorAll('form:not([data-passkey])')) {
    let sent = false;
    form.addEventListener('submit', event => {
      if (sent) event.preventDefault();
      sent = true;
    });
    addEventListener('pageshow', () => { sent = false; });
  }
  const discover = document.querySelector('form[data-passkey=discover]');
  if (!window.PublicKeyCredential || !navigator.credentials) {
    if (discover) discover.hidden = true;
    for (const one of document.querySelectorAll('[data-unsupported]')) one.hidden = false;
    return;
  }

  const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0));
  const text = buffer => {
    let out = '';
    for (const byte of new Uint8Array(buffer)) out += String.fromCharCode(byte);
    return btoa(out).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  };
  const descriptors = list => (list || []).map(one => ({ ...one, id: bytes(one.id) }));

  const forRequest = options => ({
    ...options, challenge: bytes(options.challenge), allowCredentials: descriptors(options.allowCredentials),
  });
  const forCreation = options => ({
    ...options, challenge: bytes(options.challenge), user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: descriptors(options.excludeCredentials),
  });
  const asJson = credential => {
    const { response } = credential;
    const out = { clientDataJSON: text(response.clientDataJSON) };
    if (response.attestationObject) {
      out.attestationObject = text(response.attestationObject);
      out.transports = response.getTransports ? response.getTransports() : [];
    } else {
      out.authenticatorData = text(response.authenticatorData);
      out.signature = text(response.signature);
      if (response.userHandle) out.userHandle = text(response.userHandle);
    }
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response: out,
      authenticatorAttachment: credential.authenticatorAttachment || undefined,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  };

  const send = (form, credential, session) => {
    form.elements.credential.value = asJson(credential);
    if (session) form.elements.session.value = session;
    form.submit();
  };
  const ask = async (form, asked) => {
    const body = new URLSearchParams({ step: 'options', form_token: form.elements.form_token.value });
    const answer = await fetch(form.action, { method: 'POST', body });
    if (answer.ok && (answer.headers.get('content-type') || '').includes('json')) return answer.json();
    // The person signed in in another tab, which made the tokens of this page old. A new page knows where they are now.
    // It is loaded only if the person asked for something, because they may be typing.
    const [visit] = performance.getEntriesByType('navigation');
    if (asked && (answer.ok || answer.status === 403) && visit && visit.type !== 'reload') {
      location.reload();
      return new Promise(() => {});
    }
    throw new Error('no options');
  };
  const show = (form, what) => {
    for (const one of form.querySelectorAll('[data-failed],[data-exists]')) one.hidden = true;
    const shown = what && form.querySelector(what);
    if (shown) shown.hidden = false;
  };
  // A browser refuses a relying party ID that does not fit the page's host, and says so to nobody.
  const explain = (error, id) => {
    if (error.name !== 'SecurityError') return;
    console.error(`Keystead: the relying party ID ${id} of this user pool does not fit the host ${location.hostname}. ` +
      'Open the pages on that host, or set another ID with SetUserPoolMfaConfig.', error);
  };
  const requested = async (options, more) => {
    const publicKey = forRequest(options);
    if (more.mediation) delete publicKey.timeout;
    return navigator.credentials.get({ publicKey, ...more }).catch(error => {
      explain(error, options.rpId);
      throw error;
    });
  };
  // Runs one ceremony at a time per form, the newest, and says when it did not work.
  const onStart = (form, ceremony) => {
    let current = null;
    const start = async event => {
      if (event) event.preventDefault();
      if (current) current.abort();
      const own = current = new AbortController();
      show(form);
      try {
        await ceremony(own.signal);
      } catch (error) {
        if (own === current && error.name !== 'AbortError') {
          const exists = error.name === 'InvalidStateError' && form.querySelector('[data-exists]');
          show(form, exists ? '[data-exists]' : '[data-failed]');
        }
      }
    };
    form.addEventListener('submit', start);
    const button = form.querySelector('[data-start]');
    button.disabled = false;
    if (button.autofocus) button.focus();
    return start;
  };

  for (const input of document.querySelectorAll('[data-webauthn]')) input.value = '1';

  const get = document.querySelector('form[data-passkey=get]');
  if (get) {
    const start = onStart(get, async signal => {
      send(get, await requested(JSON.parse(get.dataset.options), { signal }));
    });
    start();
  }

  const create = document.querySelector('form[data-passkey=create]');
  if (create) {
    onStart(create, async signal => {
      const { options } = await ask(create, true);
      send(create, await navigator.credentials.create({ publicKey: forCreation(options), signal }).catch(error => {
        explain(error, options.rp.id);
        throw error;
      }));
    });
  }

  if (discover) {
    // A browser runs one request at a time, so the button ends the suggestion, whatever that is waiting for.
    let suggestion = new AbortController();
    onStart(discover, async signal => {
      suggestion.abort();
      try {
        const { options, session } = await ask(discover, true);
        send(discover, await requested(options, { signal }), session);
      } catch (error) {
        if (!signal.aborted) suggest().catch(() => {});
        throw error;
      }
    });
    // Suggests passkeys in the name's field. Asks for a new challenge before the old one expires, and not earlier, even
    // if the browser, or an extension in it, answers at once that it has no passkey.
    const suggest = async () => {
      suggestion.abort();
      const { signal } = suggestion = new AbortController();
      const available = PublicKeyCredential.isConditionalMediationAvailable;
      if (!available || !(await available.call(PublicKeyCredential))) return;
      while (!signal.aborted) {
        const { options, session, seconds } = await ask(discover);
        if (signal.aborted) return;
        const round = new AbortController();
        signal.addEventListener('abort', () => round.abort());
        const over = new Promise(resolve => {
          setTimeout(resolve, (seconds - 20) * 1000);
          signal.addEventListener('abort', resolve);
        });
        over.then(() => round.abort());
        const found = await requested(options, { mediation: 'conditional', signal: round.signal }).catch(() => null);
        if (found) return send(discover, found, session);
        await over;
      }
    };
    suggest().catch(() => {});
  }

  const told = document.querySelector('[data-signals]');
  if (told) {
    const signals = JSON.parse(told.dataset.signals);
    const rpId = signals.RelyingPartyId, userId = signals.UserId;
    const tell = (name, what) => {
      try {
        if (PublicKeyCredential[name]) Promise.resolve(PublicKeyCredential[name](what)).catch(() => {});
      } catch { /* a browser that knows the name only */ }
    };
    if (signals.UnknownCredentialId) tell('signalUnknownCredential', { rpId, credentialId: signals.UnknownCredentialId });
    if (signals.AllAcceptedCredentialIds) {
      tell('signalAllAcceptedCredentials', { rpId, userId, allAcceptedCredentialIds: signals.AllAcceptedCredentialIds });
    }
    const details = signals.CurrentUserDetails;
    if (details) tell('signalCurrentUserDetails', { rpId, userId, name: details.Name, displayName: details.DisplayName });
  }
})();
