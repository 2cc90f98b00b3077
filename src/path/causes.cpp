// The closed list of causes. An id never changes its meaning; reports, scenarios and documentation lean on it.
#include "path/finding.hpp"

namespace bothends::path {

namespace {

const std::vector<Cause> list{
    // Names.
    {"origin-needs-sni", "The proxy sends no SNI, and the origin needs it",
     "Without server_name the origin answers with its default certificate or refuses, since it serves several names.",
     "Make the proxy send SNI: nginx: proxy_ssl_server_name on; HAProxy: sni req.hdr(host),field(1,:); Envoy: "
     "auto_host_sni."},
    {"client-sends-no-sni", "The client sends no SNI, and the proxy needs it",
     "Without server_name the proxy answers with its default certificate or refuses, since it serves several names.",
     "Make the client send SNI, or give the proxy a default certificate that has this name too."},
    {"sni-wrong-certificate", "The SNI leads to another name's certificate",
     "The server chose the certificate by the SNI it was sent, and that is not the name the other side then checks.",
     "Send the name that the certificate must have as SNI: nginx: proxy_ssl_name; HAProxy: sni and verifyhost "
     "alike."},
    {"sni-unknown", "The server does not know the name it was asked for",
     "A server that is strict about SNI refuses names it has no certificate for.",
     "Send a name the server serves, or add a certificate and a virtual host for this one."},
    {"421-behind-proxy", "SNI and Host disagree, so the origin answers 421",
     "The connection was made for one name and the request is for another; strict origins refuse that (RFC 9110, "
     "15.5.20).",
     "Make the proxy send the Host of the request as SNI, and do not share one connection between names."},
    {"cert-name-mismatch", "The certificate is not for the name that was checked",
     "No subjectAltName of the certificate matches the name that the other side checks.",
     "Issue a certificate that has this name, or have the name checked that it has (nginx: proxy_ssl_name; HAProxy: "
     "verifyhost)."},
    {"cert-no-san", "The certificate has its name in the subject only",
     "Names are taken from subjectAltName; the common name has not counted for years (RFC 9525, 2).",
     "Reissue the certificate with the name in subjectAltName."},
    {"backend-by-ip", "The proxy addresses the origin by IP",
     "SNI is never sent for an address (RFC 6066, 3), and few certificates have one in subjectAltName.",
     "Name the origin, or tell the proxy its name: nginx: proxy_ssl_name; Caddy: tls_server_name; Traefik: "
     "serverName."},
    {"wrong-upstream-name", "The proxy sends or checks an internal label instead of the origin's name",
     "nginx takes the name of the upstream block for it (ingress-nginx: upstream_balancer), and no certificate has "
     "that.",
     "Set the real name: nginx: proxy_ssl_name with proxy_ssl_server_name on; ingress-nginx: proxy-ssl-name."},
    {"health-check-without-sni", "Health checks fail although traffic would pass",
     "The check uses another SNI, Host, ALPN or TLS version than the traffic.",
     "Give the check what the traffic has: HAProxy: check-sni and check-alpn; Application Gateway: a custom probe."},
    {"lb-reencrypt-drops-sni", "A load balancer encrypts anew and drops the SNI",
     "It opens a connection of its own without SNI, and the gateway behind it chooses by SNI.",
     "Let the load balancer pass TCP through, or give the gateway a default certificate and route."},
    {"trailing-dot-or-case", "The name is asked for with a trailing dot or in another case",
     "Some servers take shop.test. for another name than shop.test, and answer with the default certificate.",
     "Ask without the dot, redirect such requests, or add the dotted name to the server as an alias."},
    {"wildcard-depth", "A wildcard reaches deeper in the server's configuration than in the certificate",
     "nginx's *.example.com matches a.b.example.com; a certificate's wildcard stands for one label (RFC 9525, 6.3).",
     "Give the deeper name a server block and a certificate of its own."},
    {"h2-coalescing", "One HTTP/2 connection is used for two names",
     "A browser may reuse a connection whose certificate has both names (RFC 9113, 9.1.1), but its SNI chose the "
     "server.",
     "Use separate certificates, serve both names alike, or answer 421 so that the browser asks again."},
    // Chains.
    {"missing-intermediate", "The chain is incomplete: an intermediate certificate is missing",
     "The server sends its leaf without the certificate that links it to the trust anchor.",
     "Configure the full chain, leaf first: nginx: ssl_certificate fullchain.pem; HAProxy: crt with leaf, "
     "intermediate and key."},
    {"broken-chain", "The chain is broken: the certificates sent do not belong together",
     "An intermediate was sent, but not the one that issued the leaf.",
     "Send the intermediate whose subject is the leaf's issuer; rebuild the chain file from the issuer's own "
     "bundle."},
    {"unknown-ca", "The certificate is from an authority that is not trusted",
     "The chain ends in an authority that is not among the trust anchors of the side that checks it.",
     "Give that side the right CA file (nginx: proxy_ssl_trusted_certificate; HAProxy: ca-file), or use a "
     "certificate it trusts."},
    {"self-signed", "The certificate is self-signed",
     "Nobody but itself vouches for it, and it is not a trust anchor of the side that checks it.",
     "Use a certificate from a trusted authority, or add this one to the trust anchors of the checking side."},
    {"cert-expired", "The certificate has expired", "Its validity ended before now.",
     "Renew it and reload the server."},
    {"cert-not-yet-valid", "The certificate is not yet valid",
     "Its validity begins after now; the clock of one side may be wrong.",
     "Check the clocks of both sides, then wait or reissue the certificate."},
    {"intermediate-expired", "An intermediate certificate has expired",
     "The leaf is in date, but an authority above it is not.",
     "Replace the intermediate in the chain file by its successor, or reissue the leaf from a current one."},
    {"cert-wrong-purpose", "The certificate is not meant for this use",
     "Its extended key usage does not allow the role it was used in.",
     "Issue a certificate with serverAuth for servers and clientAuth for clients."},
    {"cert-weak", "The certificate's key or signature is too weak",
     "RSA under 2048 bits and SHA-1 signatures are refused at today's default security level.",
     "Reissue it with RSA 2048 or ECDSA P-256 and SHA-256."},
    {"cert-invalid", "The certificate chain is not valid",
     "A signature does not verify, a certificate is no authority, or something in the chain cannot be read.",
     "Look at the chain's problems in the evidence and rebuild it."},
    {"cert-revoked", "The certificate is revoked", "Its issuer has withdrawn it, by a CRL or by OCSP.",
     "Replace the certificate and its key, and find out why it was revoked."},
    {"ocsp-staple-bad", "The stapled OCSP response is not acceptable",
     "The response that the server sends with its certificate is out of date, for another one, or missing though "
     "demanded.",
     "Have the server fetch a fresh response, or turn stapling off (nginx: ssl_stapling off)."},
    {"oversize-chain", "The certificate chain is larger than the other side takes",
     "Libraries limit the Certificate message: OpenSSL to 100 KiB, mbedTLS to its input buffer of 16 KiB.",
     "Send the leaf and its intermediates only: no root, nothing that does not belong to the chain."},
    {"origin-ca-exposed", "A certificate that only the CDN trusts reaches clients",
     "An authority such as Cloudflare's Origin CA is trusted by its CDN alone; who comes past the CDN refuses it.",
     "Keep the DNS record proxied, or use a publicly trusted certificate at the origin."},
    {"shared-session-or-pool", "Routes with different verification share TLS sessions or connections",
     "The proxy keeps them by address, so one route meets a session that another one made without verification.",
     "Use one policy for each origin, or do not share: nginx: proxy_ssl_session_reuse off."},
    {"bad-certificate-accepted", "A certificate was accepted that should have been refused",
     "The checking side was told to verify, met a chain with a defect, and went on.",
     "Check that verification is really on and which name it checks; some proxies check no name unless told to."},
    // What the two sides can do.
    {"outdated-versions-only", "The server speaks only outdated TLS versions",
     "TLS 1.0 and 1.1 are forbidden (RFC 8996), and today's clients and proxies refuse them.",
     "Enable TLS 1.2 and 1.3 on the server."},
    {"proxy-stricter-than-origin", "The proxy demands a newer TLS version than the origin supports",
     "The lowest version the proxy accepts lies above the highest the origin speaks.",
     "Enable the newer version at the origin, or lower the proxy's minimum on its origin leg."},
    {"no-shared-version", "The two sides share no TLS version", "Their ranges of versions do not meet.",
     "Widen one of the ranges; TLS 1.2 and 1.3 on both sides is the usual answer (nginx: proxy_ssl_protocols)."},
    {"no-shared-suite", "The two sides share no cipher suite",
     "The client's list and the server's have no suite in common that fits version and certificate.",
     "Add a common suite; mind that the server's certificate type (RSA or ECDSA) limits the suites of TLS 1.2."},
    {"no-shared-group", "The two sides share no key exchange group",
     "The client's supported_groups and the server's do not meet.",
     "Enable x25519 or secp256r1 on both sides (nginx: ssl_ecdh_curve; HAProxy: curves)."},
    {"no-shared-signature-scheme", "The two sides share no signature scheme",
     "The server's certificate can sign with none of the schemes that the client accepts.",
     "Allow a scheme that fits the certificate's key, or add a certificate of another key type."},
    {"alpn-mismatch", "The two sides share no application protocol (ALPN)",
     "The server requires one of its own protocols, and the client offers others.",
     "Offer a common protocol on both sides: http/1.1 works everywhere."},
    {"h2-origin-520", "The origin offers HTTP/2 but does not speak it well",
     "ALPN selects h2, and the application behind answers HTTP/1.1 or breaks the rules of HTTP/2.",
     "Mend HTTP/2 at the origin, or do not offer it: HAProxy: alpn http/1.1; Cloudflare: HTTP/2 to origin off."},
    {"pq-large-clienthello", "The ClientHello with a post-quantum key share is too large for something on the way",
     "X25519MLKEM768 makes it longer than one packet; what reads only the first segment drops it or breaks off.",
     "Update what reads the ClientHello (a router by SNI, a firewall), or offer x25519 only until then."},
    {"fragments-refused", "A handshake message that came in pieces was refused",
     "TLS lets a message span records and a record span packets (RFC 8446, 5.1); what reads the first piece only "
     "breaks "
     "off.",
     "Update the side that broke off, or what stands between and reads TLS: an SNI router, a firewall."},
    {"client-certificate-wanted", "The server wants a client certificate, and none was sent",
     "Mutual TLS is required on this leg.",
     "Give the connecting side a client certificate (nginx: proxy_ssl_certificate; HAProxy: crt on the server "
     "line)."},
    {"client-certificate-refused", "The server does not accept the client certificate it was sent",
     "It is from another authority than the server trusts, out of date, or not for client use.",
     "Use a client certificate from the authority that the server names, or add its authority to the server's."},
    // Other protocols, no answers.
    {"plaintext-vs-tls", "One side speaks TLS, the other plain text",
     "TLS was sent to a port that speaks another protocol, or plain HTTP to a TLS port.",
     "Use the TLS port, or turn TLS on (or off) on one of the two sides."},
    {"origin-unreachable", "The proxy cannot reach the origin",
     "No connection came to the origin's address: nobody listens there, or something on the way refuses.",
     "Check the origin's address and port in the proxy's configuration, and that the origin is up."},
    {"proxy-unreachable", "The client cannot reach the proxy",
     "Nobody listens at its address, or something on the way refuses.",
     "Check the address and port, and that the proxy is up."},
    {"no-answer", "A side that was asked did not answer in time",
     "The connection stands, but the awaited octets never came. This is not a refusal.",
     "Look at that side's load and log, and for filters on the way; raise the time limit if the answer is merely "
     "slow."},
    {"not-tls", "The octets that came are neither TLS nor HTTP",
     "Something else listens on this port, or the data was damaged.",
     "Check the address and port, and what listens there."},
    {"tls-violation", "A side broke the rules of TLS, or the data was changed on the way",
     "A message came out of order, could not be read or decrypted, or held a value that is not allowed.",
     "Update both TLS libraries, and look for something between that touches TLS (inspection, a TCP proxy)."},
    {"client-aborted", "The client broke off by itself",
     "It closed or reset its connection before it had an answer, without a TLS alert that says why.",
     "Look at the client: its time limit, a cancelled request, a crash, a check that only opens connections."},
    {"origin-aborted", "The origin broke off in the middle of a connection",
     "TCP was ended or reset by the origin without a TLS alert or an HTTP answer.",
     "Look at the origin's log at this time: a crash, a restart, a limit, a filter in front of it."},
    {"connection-lost", "A side closed the connection in the middle",
     "TCP ended or was reset without a TLS alert or an HTTP answer.",
     "Look at that side's log at this time; a crash, a restart or a filter on the way does this."},
    {"flexible-redirect-loop", "The redirect to HTTPS never ends",
     "The proxy takes HTTPS but asks the origin over plain HTTP, and the origin sends everybody to HTTPS.",
     "Speak TLS to the origin (Cloudflare: Full), or have it honour X-Forwarded-Proto."},
    {"no-route", "The proxy has no route for this name", "The request's Host matches no configured route.",
     "Add the name to the proxy's configuration (nginx: server_name; HAProxy: a rule for the host)."},
    {"tls-refused", "TLS was refused, and the evidence leaves several causes open",
     "The alert, or the close without one, fits more than one cause.",
     "Look at the candidates; a try with one setting changed at a time tells them apart."},
    {"proxy-failed", "The proxy answered with an error, and neither leg shows why",
     "Both legs look healthy from their ends, so the reason lies inside the proxy.",
     "Read the proxy's log for this request."},
};

}  // namespace

const std::vector<Cause>& causes() { return list; }

const Cause* cause_of(std::string_view id) {
  for (const Cause& cause : causes())
    if (cause.id == id) return &cause;
  return nullptr;
}

}  // namespace bothends::path
