// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// The types that a configuration can name: connectors, functions and stores.
///
/// A new registry knows those of this library. A type that is registered under a name that is taken replaces it, so that
/// an author can offer an own form of what is bundled. A source and a sink may have the same name.
public struct ConnectorRegistry: Sendable {
    private(set) var sources = RegistrySection<any Source>("source")
    private(set) var sinks = RegistrySection<any Sink>("sink")
    private(set) var functions = RegistrySection<any RecordFunction>("function")
    private(set) var offsetStores = RegistrySection<any OffsetStore>("offset store")
    private(set) var deadLetterStores = RegistrySection<any DeadLetterStore>("dead letter store")

    /// A registry with the functions, the stores and the generator of this library.
    public init() {
        registerBundled()
    }

    /// Offers a source.
    public mutating func register<C: Source & ConfigurableConnector>(_ connector: C.Type) {
        sources.add(RegistryEntry(connector) { try C($0) })
    }

    /// Offers a sink.
    public mutating func register<C: Sink & ConfigurableConnector>(_ connector: C.Type) {
        sinks.add(RegistryEntry(connector) { try C($0) })
    }

    /// Offers a connector as a source and as a sink.
    public mutating func register<C: Source & Sink & ConfigurableConnector>(_ connector: C.Type) {
        sources.add(RegistryEntry(connector) { try C($0) })
        sinks.add(RegistryEntry(connector) { try C($0) })
    }

    /// Offers a function.
    public mutating func register<F: RecordFunction & Configurable>(_ function: F.Type) {
        functions.add(RegistryEntry(function) { try F($0) })
    }

    /// Offers an offset store.
    public mutating func register<S: OffsetStore & Configurable>(_ store: S.Type) {
        offsetStores.add(RegistryEntry(store) { try S($0) })
    }

    /// Offers a store of dead letters.
    public mutating func register<S: DeadLetterStore & Configurable>(_ store: S.Type) {
        deadLetterStores.add(RegistryEntry(store) { try S($0) })
    }
}

/// The types of one kind, by name.
struct RegistrySection<Product>: Sendable {
    /// What they are, in a word.
    let kind: String
    private(set) var entries: [RegistryEntry<Product>] = []

    init(_ kind: String) { self.kind = kind }

    mutating func add(_ entry: RegistryEntry<Product>) {
        entries.removeAll { $0.type == entry.type }
        entries.append(entry)
    }

    func entry(_ type: String) -> RegistryEntry<Product>? { entries.first { $0.type == type } }

    var types: [String] { entries.map(\.type).sorted() }
}

/// How one type is configured and made.
struct RegistryEntry<Product>: Sendable {
    let type: String
    let summary: String
    let settings: SettingGroup
    let make: @Sendable (SettingValues) throws -> Product

    init(_ type: (some Configurable).Type, _ make: @escaping @Sendable (SettingValues) throws -> Product) {
        self.type = type.type
        summary = type.summary
        settings = type.settings
        self.make = make
    }
}
