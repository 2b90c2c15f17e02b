// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Webhooks of GitHub, whose bodies are signed with a secret.
///
/// | of the delivery | becomes |
/// |---|---|
/// | `X-GitHub-Delivery` | the id: a delivery that is sent again has the same |
/// | `X-GitHub-Event`, and `action` of the body where it has one | the type: `com.github.issues.opened` |
/// | `repository.html_url` of the body, else that of the organization, else `https://github.com` | the source |
/// | the body | the data, as JSON |
public struct GitHubWebhooks: Sendable, Hashable {
    /// The secret with which GitHub signs each body (HMAC-SHA256, in `X-Hub-Signature-256`).
    public var secret: Secret

    /// Webhooks that are signed with a secret.
    public init(secret: Secret) { self.secret = secret }
}
