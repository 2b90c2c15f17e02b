// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Reads a configuration, and gathers everything that is wrong with it.
struct ConfigurationReader {
    let registry: ConnectorRegistry
    var problems: [SettingProblem]
    private(set) var pipelines: [ConfiguredPipeline] = []
    /// Stores by what is written of them, so that pipelines with the same one share it.
    private var offsetStores: [StructuredValue: any OffsetStore] = [:]
    private var letterStores: [StructuredValue: any DeadLetterStore] = [:]

    init(_ registry: ConnectorRegistry, problems: [SettingProblem]) {
        self.registry = registry
        self.problems = problems
    }

    // MARK: The file

    mutating func read(_ root: SettingInput) -> RuntimeOptions? {
        let members = members(of: root, ["$schema", "offsets", "runtime", "pipelines"], required: ["pipelines"])
        let offsets = members["offsets"].flatMap { offsetStore($0) }
        let runtime = members["runtime"].flatMap { input in problems.collect { try RuntimeOptions(setting: input) } }
        guard let input = members["pipelines"], let described = problems.collect({ try input.namedMembers() }) else {
            return runtime
        }
        if described.isEmpty { problems.append(input.problem("there is no pipeline; describe at least one")) }
        for pipeline in described {
            if let pipeline = self.pipeline(pipeline, offsets) { pipelines.append(pipeline) }
        }
        return withTimeToStop(runtime, members["runtime"])
    }

    /// Unless it is said how long a stop may take, it may take as long as the longest drain needs.
    private func withTimeToStop(_ runtime: RuntimeOptions?, _ input: SettingInput?) -> RuntimeOptions? {
        guard (try? input?.member("stopDeadline")) == nil else { return runtime }
        var runtime = runtime ?? RuntimeOptions()
        let timeToStop = runtime.stopDeadline - DeliveryOptions().drainDeadline
        for pipeline in pipelines {
            runtime.stopDeadline = max(runtime.stopDeadline, pipeline.delivery.drainDeadline + timeToStop)
        }
        return runtime
    }

    private mutating func pipeline(
        _ member: SettingInput.Member,
        _ offsets: (any OffsetStore)?
    ) -> ConfiguredPipeline? {
        let known = ["source", "functions", "sinks", "deadLetters", "delivery", "offsets", "initially"]
        let members = members(of: member.value, known, required: ["source", "sinks"])
        if member.name.isEmpty { problems.append(member.value.problem("a pipeline needs a name")) }
        let source = members["source"].flatMap { configured($0, registry.sources) }
        let functions = members["functions"].map { self.functions($0, defaults(member.name, source)) } ?? []
        let sinks = members["sinks"].map { self.sinks($0) } ?? []
        let delivery = members["delivery"].map { input in problems.collect { try DeliveryOptions(setting: input) } }
        let letters = members["deadLetters"].flatMap { deadLetters($0) }
        let own = members["offsets"].flatMap { offsetStore($0) }
        let initially = members["initially"].flatMap { input in problems.collect { try Initially(setting: input) } }
        if let input = members["delivery"], let delivery = delivery ?? nil, members["deadLetters"] == nil {
            demandLetters(delivery, input)
        }
        guard let source else { return nil }
        return ConfiguredPipeline(
            name: member.name,
            initialState: (initially ?? .running).state,
            source: source,
            functions: functions,
            sinks: sinks,
            offsets: own ?? offsets,
            deadLetters: letters,
            delivery: (delivery ?? nil) ?? DeliveryOptions()
        )
    }

    private mutating func demandLetters(_ delivery: DeliveryOptions, _ input: SettingInput) {
        guard delivery.onError.action == .deadLetter else { return }
        let place = (try? input.member("onError")) ?? input
        problems.append(place.problem("is deadLetter, but the pipeline has no \"deadLetters\"; say where they go"))
    }

    private enum Initially: String, CaseIterable, SettingValue {
        case running, paused, stopped

        var state: ConnectRuntime.InitialState {
            switch self {
            case .running: .running
            case .paused: .paused
            case .stopped: .stopped
            }
        }
    }

    // MARK: Sinks and functions

    private mutating func sinks(_ input: SettingInput) -> [NamedSink] {
        guard let elements = problems.collect({ try input.elements() }) else { return [] }
        if elements.isEmpty { problems.append(input.problem("there is no sink; name at least one")) }
        var names: [String: SettingInput] = [:]
        var sinks: [NamedSink] = []
        for element in elements {
            let sink = configured(element, registry.sinks, besides: ["name"])
            guard let name = sinkName(element), !name.isEmpty else { continue }
            if names.updateValue(element, forKey: name) != nil {
                let place = (try? element.member("name")) ?? element
                problems.append(place.problem("there are two sinks with the name '\(name)'; give one another \"name\""))
            }
            if let sink { sinks.append(NamedSink(name, try sink.make())) }
        }
        return sinks
    }

    /// The name of a sink: its type, where nothing else is said.
    private mutating func sinkName(_ input: SettingInput) -> String? {
        guard let members = try? input.namedMembers() else { return nil }
        guard let given = members.first(where: { $0.name == "name" })?.value else {
            return try? members.first { $0.name == "type" }?.value.text()
        }
        let name = problems.collect { try given.text() }
        if name?.isEmpty == true { problems.append(given.problem("a sink needs a name that is not empty")) }
        return name
    }

    /// What conditions see where records say nothing of their source and their type.
    private func defaults(_ pipeline: String, _ source: ConfiguredType<any Source>?) -> EventDefaults? {
        (try? source?.make()).map { EventDefaults(pipeline: pipeline, source: $0) }
    }

    private mutating func functions(_ input: SettingInput, _ defaults: EventDefaults?) -> [any RecordFunction] {
        var input = input
        input.eventDefaults = defaults
        guard let elements = problems.collect({ try input.elements() }) else { return [] }
        return elements.compactMap { element in
            let function = configured(element, registry.functions, besides: ["when"])
            let condition = self.condition(element)
            guard let function, let made = problems.collect(at: element, { try function.make() }) else { return nil }
            return condition.map { made.when($0) } ?? made
        }
    }

    /// The condition under which a function is applied; where it does not hold, records go on unchanged.
    private mutating func condition(_ function: SettingInput) -> ConfiguredCondition? {
        guard let input = try? function.member("when") else { return nil }
        return problems.collect { try ConfiguredCondition(setting: input) }
    }

    // MARK: Stores

    private mutating func offsetStore(_ input: SettingInput) -> (any OffsetStore)? {
        guard let described = problems.collect({ try StructuredValue(setting: input).inNameOrder }) else { return nil }
        if let known = offsetStores[described] { return known }
        guard let configured = configured(input, registry.offsetStores) else { return nil }
        let store = problems.collect(at: input) { try configured.make() }
        offsetStores[described] = store
        return store
    }

    /// A store, or a sink of the same name where there is no store of it.
    private mutating func deadLetters(_ input: SettingInput) -> DeadLetters? {
        if let type = try? input.member("type")?.text(), registry.deadLetterStores.entry(type) == nil,
            registry.sinks.entry(type) != nil
        {
            guard let sink = configured(input, registry.sinks) else { return nil }
            return .sink(try sink.make())
        }
        guard let described = problems.collect({ try StructuredValue(setting: input).inNameOrder }) else { return nil }
        if let known = letterStores[described] { return .store(known) }
        guard let configured = configured(input, registry.deadLetterStores) else { return nil }
        guard let store = problems.collect(at: input, { try configured.make() }) else { return nil }
        letterStores[described] = store
        return .store(store)
    }

    // MARK: Types

    /// A type of the registry with its settings, made once for a trial.
    private mutating func configured<Product>(
        _ input: SettingInput,
        _ section: RegistrySection<Product>,
        besides others: [String] = []
    ) -> ConfiguredType<Product>? {
        guard let members = problems.collect({ try input.namedMembers() }) else { return nil }
        guard let type = members.first(where: { $0.name == "type" })?.value else {
            let types = section.types.joined(separator: ", ")
            problems.append(input.problem("\"type\" is missing: which \(section.kind) it is; there are \(types)"))
            return nil
        }
        guard let name = problems.collect({ try type.text() }) else { return nil }
        guard let entry = section.entry(name) else {
            let advice = NearestName.advice(for: name, among: section.types)
            let list =
                section.types.isEmpty ? "none are registered" : "there are \(section.types.joined(separator: ", "))"
            problems.append(type.problem("'\(name)' is no \(section.kind)\(advice.isEmpty ? "; \(list)" : advice)"))
            return nil
        }
        guard let values = problems.collect({ try entry.settings.values(from: input, besides: ["type"] + others) })
        else { return nil }
        let configured = ConfiguredType(entry: entry, values: values)
        guard problems.collect(at: input, { try entry.make(values) }) != nil else { return nil }
        return configured
    }

    /// The members of an object with a fixed set of names.
    private mutating func members(
        of input: SettingInput,
        _ known: [String],
        required: [String]
    ) -> [String: SettingInput] {
        guard let members = problems.collect({ try input.namedMembers() }) else { return [:] }
        for member in members where !known.contains(member.name) {
            let advice = NearestName.advice(for: member.name, among: known)
            let list = "; there are \(known.joined(separator: ", "))"
            problems.append(
                SettingProblem(
                    "is not known here\(advice.isEmpty ? list : advice)",
                    at: member.value.keyPath,
                    place: member.place
                )
            )
        }
        let found = Dictionary(members.map { ($0.name, $0.value) }) { first, _ in first }
        for name in required where found[name] == nil { problems.append(input.problem("\"\(name)\" is missing")) }
        return found
    }
}

extension [SettingProblem] {
    /// What a body gives, or nothing and its problems, at the place of a value where they have none of their own.
    fileprivate mutating func collect<Value>(at input: SettingInput, _ body: () throws -> Value) -> Value? {
        var found: [SettingProblem] = []
        let value = found.collect(body)
        append(
            contentsOf: found.map { problem in
                guard problem.keyPath.isEmpty, problem.place == nil else { return problem }
                return input.problem(problem.message)
            }
        )
        return value
    }
}
