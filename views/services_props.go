package views

// ServiceList is Configuration → Services.
type ServiceList struct {
	Shell   Shell
	NewPath string
	Rows    []ServiceRow
}

// ServiceRow is one service in the list.
type ServiceRow struct {
	Name, Description string
	Rate              string // "60 a minute", "No limit"
	Reads             string // "GET, HEAD and OPTIONS", "3 rules"
	Path              string
}

// ServiceForm is the form New service, and the details of a service.
type ServiceForm struct {
	Shell                          Shell
	Path                           string // the form's action
	ListPath                       string
	Version                        string // hidden field, "" for a new service
	Name, Description, Rate, Reads Field
	Title                          string // of the error summary
	Problems                       []Problem
	Submit                         string
}

// ServicePage is one service, with what a proxy before it needs.
type ServicePage struct {
	Shell      Shell
	ListPath   string
	Name       string
	Form       ServiceForm
	DeletePath string
	History    string // leads to what happened to the service, "" for those who may not read the trail
	Recipes    []ProxyRecipe
}

// ProxyRecipe is the configuration of a proxy, in one file or more. Tried says
// with which version the tests run it.
type ProxyRecipe struct {
	Title, Tried string
	Files        []RecipeFile
}

// RecipeFile is a file of a recipe. Its path is where its text says that it
// belongs, and its id is what Copy refers to.
type RecipeFile struct{ ID, Path, Text string }

// ServiceDeletion asks before a service is removed.
type ServiceDeletion struct {
	Shell    Shell
	Name     string
	Path     string // action
	BackPath string
	ListPath string
}
