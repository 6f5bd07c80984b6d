# The module system by its documented rules: options must be declared, definitions have types and priorities, conditions and
# merges may stand anywhere. The words of its errors begin as nixpkgs' do, so that one test reads both.
base:
let
  inherit (base)
    any
    attrNames
    attrValues
    concatLists
    concatMap
    concatStringsSep
    elem
    filter
    foldl'
    head
    isAttrs
    isList
    mapAttrs
    ;
  inherit (builtins)
    isBool
    isFunction
    isInt
    isPath
    isString
    tail
    ;
  hasType = kind: value: isAttrs value && value._type or "" == kind;
  show = concatStringsSep ".";

  override = priority: content: {
    _type = "override";
    inherit priority content;
  };

  words = {
    mkIf = condition: content: {
      _type = "if";
      inherit condition content;
    };
    mkMerge = contents: {
      _type = "merge";
      inherit contents;
    };
    mkOverride = override;
    mkForce = override 50;
    mkDefault = override 1000;
    mkOrder = priority: content: {
      _type = "order";
      inherit priority content;
    };
    mkBefore = words.mkOrder 500;
    mkAfter = words.mkOrder 1500;
    mkOption = option: option // { _type = "option"; };
    mkEnableOption =
      name:
      words.mkOption {
        default = false;
        example = true;
        description = "Whether to enable ${name}.";
        type = types.bool;
      };
    literalExpression = text: {
      _type = "literalExpression";
      inherit text;
    };
    literalMD = text: {
      _type = "literalMD";
      inherit text;
    };
    inherit types evalModules;
  };

  # -- definitions ------------------------------------------------------------------------------------------------------

  # A definition of a whole set, as definitions of its names: conditions and priorities move inwards.
  pushDown =
    definition:
    if hasType "if" definition then
      map (mapAttrs (_: words.mkIf definition.condition)) (pushDown definition.content)
    else if hasType "override" definition then
      map (mapAttrs (_: override definition.priority)) (pushDown definition.content)
    else if hasType "merge" definition then
      concatMap pushDown definition.contents
    else
      [ definition ];

  # A definition of one option, as values with priority and order.
  discharge =
    definition:
    if hasType "if" definition then
      (if definition.condition then discharge definition.content else [ ])
    else if hasType "merge" definition then
      concatMap discharge definition.contents
    else if hasType "override" definition then
      map (value: value // { inherit (definition) priority; }) (discharge definition.content)
    else if hasType "order" definition then
      map (value: value // { order = definition.priority; }) (discharge definition.content)
    else
      [
        {
          priority = 100;
          order = 1000;
          value = definition;
        }
      ];

  merged =
    where: option: definitions:
    let
      default = if option ? default then [ (override 1500 option.default) ] else [ ];
      values = concatMap discharge (default ++ definitions);
      strongest = foldl' (
        least: value: if value.priority < least then value.priority else least
      ) 9999 values;
      counting = filter (value: value.priority == strongest) values;
      ordered = builtins.sort (one: other: one.order < other.order) counting;
      type = option.type or types.unspecified;
      wrong = filter (value: !type.check value.value) ordered;
      result =
        if counting == [ ] then
          type.empty
            or (throw "The option `${show where}' was accessed but has no value defined. Try setting the option.")
        else if wrong != [ ] then
          throw "A definition for option `${show where}' is not of type `${type.description}'."
        else
          type.merge where (map (value: value.value) ordered);
    in
    if (option.readOnly or false) && definitions != [ ] && option ? default then
      throw "The option `${show where}' is read-only, but it's set multiple times."
    else
      (option.apply or (value: value)) result;

  # -- modules ----------------------------------------------------------------------------------------------------------

  evalModules =
    {
      modules,
      specialArgs ? { },
      prefix ? [ ],
    }:
    let
      load =
        module:
        let
          value = if isPath module || isString module then import module else module;
          set = if isFunction value then value (arguments // extra // specialArgs) else value;
          structured = set ? config || set ? options;
          stray = filter (
            name:
            !elem name [
              "_file"
              "config"
              "imports"
              "key"
              "options"
            ]
          ) (attrNames set);
        in
        if structured && stray != [ ] then
          throw "Module has an unsupported attribute `${head stray}'. This is caused by introducing a top-level `config' or `options' attribute."
        else
          {
            imports = set.imports or [ ];
            options = set.options or { };
            config =
              if structured then
                set.config or { }
              else
                removeAttrs set [
                  "imports"
                  "_file"
                  "key"
                ];
          };
      closure = concatMap (
        module:
        let
          loaded = load module;
        in
        [ loaded ] ++ closure' loaded.imports
      );
      closure' = imports: closure imports;
      loaded = closure modules;
      tree = foldl' (declare prefix) { } (map (module: module.options) loaded);
      # Arguments for modules may be set by modules, by those that take none of them.
      extra = foldl' (args: module: args // module.config._module.args or { }) { } (
        map load (filter (module: isAttrs module) modules)
      );
      config = evaluate prefix tree (map (module: removeAttrs module.config [ "_module" ]) loaded);
      arguments = {
        inherit config;
        options = tree;
      };
    in
    {
      inherit config;
      options = tree;
    };

  declare =
    where: declared: more:
    declared
    // mapAttrs (
      name: value:
      if !(declared ? ${name}) then
        value
      else if hasType "option" value || hasType "option" declared.${name} then
        throw "The option `${show (where ++ [ name ])}' is already declared."
      else
        declare (where ++ [ name ]) declared.${name} value
    ) more;

  evaluate =
    where: tree: definitions:
    let
      sets = concatMap pushDown definitions;
      unknown = concatMap (set: filter (name: !(tree ? ${name})) (attrNames set)) sets;
      one =
        name: entry:
        let
          here = where ++ [ name ];
          given = concatMap (set: if set ? ${name} then [ set.${name} ] else [ ]) sets;
        in
        if hasType "option" entry then
          builtins.addErrorContext "while evaluating the option `${show here}':" (merged here entry given)
        else
          evaluate here entry given;
    in
    if unknown != [ ] then
      throw "The option `${show (where ++ [ (head unknown) ])}' does not exist."
    else
      mapAttrs one tree;

  # -- types ------------------------------------------------------------------------------------------------------------

  simple = description: check: {
    inherit description check;
    merge =
      where: values:
      if tail values == [ ] || !any (value: value != head values) values then
        head values
      else
        throw "The option `${show where}' has conflicting definition values.";
  };

  isDerivation = value: isAttrs value && value.type or "" == "derivation";
  isPathLike =
    value: isPath value || isDerivation value || (isString value && base.hasPrefix "/" value);

  types = {
    bool = simple "boolean" isBool;
    str = simple "string" isString;
    int = simple "signed integer" isInt;
    path = simple "absolute path" isPathLike;
    pathInStore = simple "path in the Nix store" isPathLike;
    package = simple "package" isDerivation;
    raw = simple "raw value" (_: true);
    lines = simple "strings concatenated with \"\\n\"" isString // {
      merge = _where: concatStringsSep "\n";
    };
    # Sets merge, lists join, of other values there is one.
    unspecified = simple "unspecified value" (_: true) // {
      merge =
        where: values:
        if base.all isAttrs values && !any isDerivation values then
          foldl' (one: other: one // other) { } values
        else if base.all isList values then
          concatLists values
        else
          (simple "" (_: true)).merge where values;
    };
    nullOr = type: {
      description = "null or ${type.description}";
      check = value: value == null || type.check value;
      merge =
        where: values:
        let
          given = filter (value: value != null) values;
        in
        if given == [ ] then null else type.merge where given;
    };
    either =
      one: other:
      simple "${one.description} or ${other.description}" (value: one.check value || other.check value);
    oneOf = list: foldl' types.either (head list) (tail list);
    enum = values: simple "one of ${builtins.toJSON values}" (value: elem value values);
    listOf = type: {
      description = "list of ${type.description}";
      check = isList;
      empty = [ ];
      merge =
        where: lists:
        let
          values = concatMap (concatMap discharge) lists;
        in
        map (
          value:
          if type.check value.value then
            type.merge where [ value.value ]
          else
            throw "A definition for option `${show where}' is not of type `list of ${type.description}'."
        ) values;
    };
    attrsOf = type: {
      description = "attribute set of ${type.description}";
      check = isAttrs;
      empty = { };
      merge =
        where: sets:
        let
          pushed = concatMap pushDown sets;
          names = attrNames (foldl' (one: other: one // other) { } pushed);
          value =
            name:
            let
              given = concatMap (set: if set ? ${name} then [ set.${name} ] else [ ]) pushed;
            in
            base.optional (concatMap discharge given != [ ]) (
              base.nameValuePair name (merged (where ++ [ name ]) { inherit type; } given)
            );
        in
        builtins.listToAttrs (concatMap value names);
    };
    submodule = module: {
      description = "submodule";
      check = value: isAttrs value || isFunction value;
      merge =
        where: values:
        (evalModules {
          modules = [ module ] ++ map (value: if isFunction value then value else { config = value; }) values;
          specialArgs.name = if where == [ ] then "" else builtins.elemAt where (builtins.length where - 1);
          prefix = where;
        }).config;
    };
  };
in
words // { inherit (base) attrValues; }
